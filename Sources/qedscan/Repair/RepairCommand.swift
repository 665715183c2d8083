import CommandSyntax
import Files
import Glibc
import PoolScan
import QED
import Repair
import Store

/// `qedscan repair [IMAGE...]`
struct RepairCommand: Command {
    static let spec = CommandSpec(
        "repair", summary: "repair damaged images, with a journal for 'qedscan undo'",
        discussion: [
            "Repairs the given images. Without IMAGE, repairs all images that are dirty or that the latest check found "
                + "damaged. First prints a plan for each image and asks for confirmation. Before it changes an image, "
                + "it writes everything needed to undo the repair to the store. Only reclaim-leaks without "
                + "--save-leaked cannot be undone. An image that another program has open is never changed.",
            "An image is refused if it has changed since it was scanned, or within the last 10 s (65 s on a network "
                + "file system; see --settle). Interrupted repairs are recovered first: normally, they are rolled "
                + "back.",
            "Actions: extend-tail extends a file that ends within its last cluster to the end of that cluster. "
                + "clear-invalid clears entries with an invalid offset. clone-shared copies shared clusters, so that "
                + "each entry has its own. clone-tables does the same for shared L2 tables. reclaim-leaks returns "
                + "leaked clusters to the file system. clear-autoclear clears unknown autoclear bits. clear-dirty "
                + "clears the dirty bit if nothing else is wrong.",
        ],
        options: [
            OptionSpec("dry-run", short: "n", help: "print the plan and change nothing"),
            OptionSpec("yes", short: "y", help: "do not ask before repairing"),
            OptionSpec("list", help: "list past repairs with their IDs for 'qedscan undo', and repair nothing"),
            OptionSpec(
                "give-up", value: "REPAIR-ID",
                help: "never recover this interrupted repair: its state becomes 'conflict'; then repair as usual"),
            OptionSpec("plan-out", value: "FILE", kind: .file, help: "also write the plan to this file, as JSON"),
            OptionSpec(
                "only", value: "ACTION,...", kind: .listOf(cases: RepairAction.self), help: "do only these actions"),
            OptionSpec(
                "also", value: "ACTION,...", kind: .listOf(cases: RepairAction.self),
                help: "also do these actions; clone-tables, reclaim-leaks and clear-autoclear are not done by default"),
            OptionSpec(
                "skip", value: "ACTION,...", kind: .listOf(cases: RepairAction.self), help: "do not do these actions"),
            OptionSpec(
                "invalid", value: "MODE", kind: .oneOf(cases: RepairOptions.InvalidEntries.self),
                help: "how to treat entries with an invalid offset: unallocate (the guest reads the backing file, or "
                    + "zeros if there is none), zero (the guest reads zeros), keep (no change)",
                default: RepairOptions.InvalidEntries.unallocate.rawValue),
            OptionSpec("reclaim-leaks", help: "the same as --also reclaim-leaks"),
            OptionSpec(
                "save-leaked", help: "save reclaimed clusters in the store, so that reclaiming them can be undone"),
            OptionSpec(
                "max-growth", value: "SIZE",
                help: "how many bytes copied clusters may add to one image", default: "1G"),
            OptionSpec(
                "max-memory", value: "SIZE",
                help: "memory for the cluster map of one image, such as 64M or 1G", default: "192M"),
        ] + AccessOptions.specs + [AnswerFormat.option],
        operands: [
            OperandSpec("IMAGE", kind: .file, help: "an image that has been scanned", optional: true, repeating: true)
        ],
        examples: [
            .init("qedscan repair -n", "Prints what would be repaired."),
            .init(
                "qedscan repair --yes --only clear-dirty,clone-shared",
                "Does only repairs that lose no data, without asking."),
        ])

    let parsed: ParsedCommand
    private let options: RepairOptions
    private let access: AccessOptions
    private let limits: CheckLimits
    private let planPath: RawPath?
    private let storePath: String
    private let format: AnswerFormat
    private let givenUp: RepairID?

    init(_ parsed: ParsedCommand) throws(UsageError) {
        self.parsed = parsed
        options = try RepairOptions(parsed)
        access = try AccessOptions(parsed)
        var limits = CheckLimits()
        if let memory = try parsed.byteCount(of: "max-memory") { limits.memory = MemoryBudget(limit: memory) }
        self.limits = limits
        planPath = parsed.value(of: "plan-out").map { RawPath(bytes: $0.bytes) }
        storePath = try StoreLocation.path(parsed)
        format = try AnswerFormat(parsed)
        givenUp = try parsed.integer(of: "give-up", in: 1...Int.max).map(RepairID.init)
        if !parsed.has("yes"), !parsed.has("dry-run"), !parsed.has("list"), isatty(STDIN_FILENO) != 1 {
            throw parsed.usageError("cannot ask for confirmation without a terminal: add --yes or --dry-run")
        }
    }

    var threadCount: Int { ScanConfiguration.processorCount + 4 }

    func run() throws(UsageError) -> ExitStatus {
        let palette = try Palette(parsed)
        if parsed.has("list") { return try list(palette) }
        let cancellation = Cancellation()
        let signals = SignalWatch(cancellation)
        defer { withExtendedLifetime(signals) {} }
        let pass = RepairPass(options: options, limits: limits, cancellation: cancellation, palette: palette)
        guard !parsed.has("dry-run") else { return try dryRun(pass) }
        return try RepairStore.use(parsed, cancellation) { store, journal throws(RepairFailure) in
            try repair(pass, store, journal)
        }
    }

    private func list(_ palette: Palette) throws(UsageError) -> ExitStatus {
        guard let store = try StoreLocation.openToRead(parsed), let report = Report.named("repairs") else {
            return .failed
        }
        let values = ParameterValues(parsed, defaultsOf: report)
        return try Question(sql: report.sql, values: values, format: format, palette: palette, roundsBytes: true)
            .ask(store.database)
    }

    private func dryRun(_ pass: RepairPass) throws(UsageError) -> ExitStatus {
        try RepairStore.read(parsed) { store throws(RepairFailure) in
            let (candidates, unknown) = try candidates(store)
            var images: [PlannedImage] = []
            for candidate in candidates where !pass.cancellation.isCancelled { images.append(pass.plan(candidate)) }
            let isCancelled = pass.cancellation.isCancelled
            try show(images, pass.palette, isAll: unknown.isEmpty && !isCancelled)
            return images.reduce(unknown.union(isCancelled ? .interrupted : [])) {
                $0.union(RepairPass.status(ofUnrepaired: $1))
            }
        }
    }

    private func repair(
        _ pass: RepairPass, _ store: ScanStore, _ journal: StoreJournal
    ) throws(RepairFailure) -> ExitStatus {
        if let given = givenUp {
            try journal.finish(given, RepairEnd(.conflict, message: "given up on request"))
        }
        let access = try ImageAccess(access, pass.cancellation)
        var status = try pass.recoverInterrupted(journal, access)
        let (candidates, unknown) = try candidates(store)
        status.formUnion(unknown)
        var images: [PlannedImage] = []
        for candidate in candidates where !pass.cancellation.isCancelled {
            access.watch(candidate.path)
            images.append(pass.plan(candidate))
        }
        if pass.cancellation.isCancelled { status.formUnion(.interrupted) }
        try show(images, pass.palette, isAll: unknown.isEmpty && !pass.cancellation.isCancelled)
        guard images.contains(where: \.isRepairable) else {
            return images.reduce(status) { $0.union(RepairPass.status(ofUnrepaired: $1)) }
        }
        guard !pass.cancellation.isCancelled, isAgreed(images) else {
            return status.union(pass.cancellation.isCancelled ? .interrupted : .failed)
        }
        access.waitForQuiet()
        return status.union(pass.apply(images, journal, access))
    }

    /// - Parameter isAll: whether these are all the images that were asked for.
    private func show(_ images: [PlannedImage], _ palette: Palette, isAll: Bool) throws(RepairFailure) {
        let isQuiet = parsed.has("quiet")
        for image in images where !isQuiet || (!image.isRepairable && !RepairPass.status(ofUnrepaired: image).isEmpty) {
            PlanText(palette: palette).print(image)
        }
        if images.isEmpty, isAll, !isQuiet { StandardOutput.writeLine("nothing to repair") }
        guard let planPath else { return }
        let text = PlanFile.text(images, storePath: storePath)
        guard PlanFile.mayReplace(planPath) else {
            throw .unexpected(
                "--plan-out: \(PrintableText.escaping(planPath.bytes)) exists and is not a plan; choose another name")
        }
        try RepairFailure.wrap { () throws(SystemError) in try OutputFile.write(text, to: planPath) }
    }

    private func isAgreed(_ images: [PlannedImage]) -> Bool {
        guard !parsed.has("yes") else { return true }
        let count = images.count(where: \.isRepairable)
        return Confirmation.ask("Repair \(Count.text(count, "image"))?")
    }

    private var asksForAutoclear: Bool { options.actions.contains(.clearAutoclear) }

    /// The images to plan for, and the status for those that are not in the store.
    private func candidates(_ store: ScanStore) throws(RepairFailure) -> ([RepairCandidate], ExitStatus) {
        try RepairStore.reading { () throws(StoreError) in
            let names = parsed.operands(named: "IMAGE")
            guard !names.isEmpty else {
                return (try store.repairCandidates(node: Host.name, withAutoclear: asksForAutoclear), [])
            }
            var candidates: [RepairCandidate] = []
            var status = ExitStatus()
            for name in names {
                let path = ImageName.resolve(RawPath(bytes: name.bytes))
                if let candidate = try store.repairCandidate(node: Host.name, path: path) {
                    // The same image may be named more than once.
                    if !candidates.contains(candidate) { candidates.append(candidate) }
                } else {
                    Diagnostic.error("\(name.printable): the store has no such image; scan it first")
                    status = .failed
                }
            }
            return (candidates, status)
        }
    }
}

extension RepairOptions {
    fileprivate init(_ parsed: ParsedCommand) throws(UsageError) {
        self.init()
        if parsed.has("only") { actions = Set(try parsed.choices(of: "only", as: RepairAction.self)) }
        actions.formUnion(try parsed.choices(of: "also", as: RepairAction.self))
        if parsed.has("reclaim-leaks") { actions.insert(.reclaimLeaks) }
        actions.subtract(try parsed.choices(of: "skip", as: RepairAction.self))
        invalidEntries = try parsed.choice(of: "invalid", as: InvalidEntries.self) ?? .unallocate
        savesLeaked = parsed.has("save-leaked")
        if let growth = try parsed.byteCount(of: "max-growth") { maximumGrowth = UInt64(growth) }
        guard !savesLeaked || actions.contains(.reclaimLeaks) else {
            throw parsed.usageError("--save-leaked needs --reclaim-leaks")
        }
    }
}
