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
        "repair", summary: "repair what the store knows is damaged, so that it can be undone",
        discussion: [
            "Without IMAGE, all images whose latest check found damage or that are dirty. Prints what it would do to "
                + "each, asks, and then does it. Nothing is changed before the store has on disk what is needed to "
                + "take it back, and no image that another program has open is touched.",
            "An image must be as it was scanned, and must not have changed for 10 s (65 s on a network file system). "
                + "Repairs that were interrupted are settled first.",
        ],
        options: [
            OptionSpec("dry-run", short: "n", help: "only print the plan"),
            OptionSpec("yes", short: "y", help: "do not ask"),
            OptionSpec("list", help: "list the repairs that were made, with the numbers that undo them"),
            OptionSpec(
                "give-up", value: "REPAIR-ID",
                help: "do not try any more to settle this repair, which was interrupted; its image stays as it is"),
            OptionSpec("plan-out", value: "FILE", kind: .file, help: "write the plan as JSON"),
            OptionSpec(
                "only", value: "ACTION,...", kind: .listOf(cases: RepairAction.self), help: "do these and nothing else"),
            OptionSpec(
                "also", value: "ACTION,...", kind: .listOf(cases: RepairAction.self),
                help: "do these besides: clone-tables, clear-autoclear and reclaim-leaks are only done on request"),
            OptionSpec(
                "skip", value: "ACTION,...", kind: .listOf(cases: RepairAction.self), help: "do not do these"),
            OptionSpec(
                "invalid", value: "MODE", kind: .oneOf(cases: RepairOptions.InvalidEntries.self),
                help: "what becomes of entries whose offset cannot be used: they read the backing file or zeros, "
                    + "they read zeros, or they are kept",
                default: RepairOptions.InvalidEntries.unallocate.rawValue),
            OptionSpec("reclaim-leaks", help: "the same as --also reclaim-leaks"),
            OptionSpec("save-leaked", help: "keep the bytes of leaked clusters in the store, so that it can be undone"),
            OptionSpec(
                "max-growth", value: "SIZE", help: "by how much copies may make one image longer", default: "1G"),
            OptionSpec("max-memory", value: "SIZE", help: "limit of the maps of one image: 64M, 1G", default: "192M"),
        ] + AccessOptions.specs + [AnswerFormat.option],
        operands: [
            OperandSpec("IMAGE", kind: .file, help: "an image that was scanned", optional: true, repeating: true)
        ],
        examples: [
            .init("qedscan repair -n", "Prints what there is to repair."),
            .init("qedscan repair --yes --only clear-dirty,clone-shared", "Does only what loses nothing, unattended."),
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
            throw parsed.usageError("there is no terminal to ask on: give --yes, or --dry-run")
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
        guard let store = try StoreLocation.openToRead(parsed), isRepairable(store) else { return .failed }
        do throws(RepairFailure) {
            let interrupted = try RepairStore.wrap { () throws(StoreError) in try InterruptedRepairs.warn(store) }
            let (candidates, unknown) = try candidates(store)
            let status = interrupted.union(unknown)
            var images: [PlannedImage] = []
            for candidate in candidates where !pass.cancellation.isCancelled { images.append(pass.plan(candidate)) }
            let isCancelled = pass.cancellation.isCancelled
            try show(images, pass.palette, isAll: unknown.isEmpty && !isCancelled)
            return images.reduce(status.union(isCancelled ? .interrupted : [])) {
                $0.union(RepairPass.status(ofUnrepaired: $1))
            }
        } catch {
            Diagnostic.error(error.description)
            return .failed
        }
    }

    /// Whether a repair from the store is possible; if not, it says why, as the repair itself would.
    private func isRepairable(_ store: ScanStore) -> Bool {
        do throws(StoreError) {
            try store.refuseMerged(path: storePath)
            return true
        } catch {
            Diagnostic.error(error.description)
            return false
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

    /// - Parameter isAll: whether none that was asked for is missing.
    private func show(_ images: [PlannedImage], _ palette: Palette, isAll: Bool) throws(RepairFailure) {
        let isQuiet = parsed.has("quiet")
        for image in images where !isQuiet || (!image.isRepairable && !RepairPass.status(ofUnrepaired: image).isEmpty) {
            PlanText(palette: palette).print(image)
        }
        if images.isEmpty, isAll, !isQuiet { StandardOutput.writeLine("nothing to repair") }
        guard let planPath else { return }
        let text = PlanFile.text(images, storePath: storePath)
        guard PlanFile.mayReplace(planPath) else {
            throw .unexpected("--plan-out: \(PrintableText.escaping(planPath.bytes)) exists, and is no plan")
        }
        try RepairFailure.wrap { () throws(SystemError) in try OutputFile.write(text, to: planPath) }
    }

    private func isAgreed(_ images: [PlannedImage]) -> Bool {
        guard !parsed.has("yes") else { return true }
        let count = images.count(where: \.isRepairable)
        return Confirmation.ask("Repair \(count) image\(count == 1 ? "" : "s")?")
    }

    private var asksForAutoclear: Bool { options.actions.contains(.clearAutoclear) }

    /// The images to look at, and the bits for those that the store does not know.
    private func candidates(_ store: ScanStore) throws(RepairFailure) -> ([RepairCandidate], ExitStatus) {
        try RepairStore.wrap { () throws(StoreError) in
            let names = parsed.operands(named: "IMAGE")
            guard !names.isEmpty else {
                return (try store.repairCandidates(node: Host.name, withAutoclear: asksForAutoclear), [])
            }
            var candidates: [RepairCandidate] = []
            var status = ExitStatus()
            for name in names {
                let path = ImageName.resolve(RawPath(bytes: name.bytes))
                if let candidate = try store.repairCandidate(node: Host.name, path: path) {
                    // The same image may be named twice.
                    if !candidates.contains(candidate) { candidates.append(candidate) }
                } else {
                    Diagnostic.error("\(name.printable): the store knows no such image: scan it first")
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
