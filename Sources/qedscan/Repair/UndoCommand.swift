import CommandSyntax
import Files
import Glibc
import PoolScan
import QED
import Repair
import Store

/// `qedscan undo REPAIR-ID...`
struct UndoCommand: Command {
    static let spec = CommandSpec(
        "undo", summary: "undo repairs",
        discussion: [
            "Restores the image byte for byte to its state before the repair. An image that has changed since the "
                + "repair is refused. If an image was repaired more than once, undo the newest repair first. An undo "
                + "is recorded as a repair, and can itself be undone. A repair that reclaimed leaks without "
                + "--save-leaked cannot.",
            "Interrupted repairs are recovered first: normally, they are rolled back.",
        ],
        options: [
            OptionSpec("dry-run", short: "n", help: "print what would be undone and change nothing"),
            OptionSpec("yes", short: "y", help: "do not ask before undoing"),
        ] + AccessOptions.specs,
        operands: [OperandSpec("REPAIR-ID", help: "ID of a repair, from 'qedscan repair --list'", repeating: true)],
        examples: [.init("qedscan undo 12", "Undoes repair 12.")])

    private let parsed: ParsedCommand
    /// Newest first.
    private let ids: [RepairID]
    private let access: AccessOptions

    init(_ parsed: ParsedCommand) throws(UsageError) {
        self.parsed = parsed
        ids = try Set(parsed.integers(ofOperand: "REPAIR-ID", in: 1...Int.max).map(RepairID.init)).sorted(by: >)
        access = try AccessOptions(parsed)
        if !parsed.has("yes"), !parsed.has("dry-run"), isatty(STDIN_FILENO) != 1 {
            throw parsed.usageError("cannot ask for confirmation without a terminal: add --yes or --dry-run")
        }
    }

    var threadCount: Int { ScanConfiguration.processorCount + 4 }

    func run() throws(UsageError) -> ExitStatus {
        let cancellation = Cancellation()
        let signals = SignalWatch(cancellation)
        defer { withExtendedLifetime(signals) {} }
        let pass = RepairPass(
            options: RepairOptions(), limits: CheckLimits(), cancellation: cancellation, palette: try Palette(parsed))
        guard !parsed.has("dry-run") else {
            return try RepairStore.read(parsed) { store throws(RepairFailure) in
                let journal = StoreJournal(reading: store, host: Host.name)
                let (repairs, unknown) = try find(pass, journal)
                return unknown.union(try objections(repairs, journal))
            }
        }
        return try RepairStore.use(parsed, cancellation) { _, journal throws(RepairFailure) in
            try undo(pass, journal)
        }
    }

    private func undo(_ pass: RepairPass, _ journal: StoreJournal) throws(RepairFailure) -> ExitStatus {
        let access = try ImageAccess(access, pass.cancellation)
        var status = try pass.recoverInterrupted(journal, access)
        let (repairs, unknown) = try find(pass, journal)
        status.formUnion(unknown)
        guard !repairs.isEmpty else { return status }
        for repair in repairs { access.watch(repair.record.path) }
        guard parsed.has("yes") || Confirmation.ask("Undo \(Count.text(repairs.count, "repair"))?") else {
            return status.union(.failed)
        }
        for repair in repairs {
            guard !pass.cancellation.isCancelled else { return status.union(.interrupted) }
            status.formUnion(undo(repair, pass, journal, access))
        }
        return status
    }

    /// The repairs, each with a line on standard output, and the status for those that are not in the journal.
    private func find(
        _ pass: RepairPass, _ journal: StoreJournal
    ) throws(RepairFailure) -> ([JournaledRepair], ExitStatus) {
        var repairs: [JournaledRepair] = []
        var status = ExitStatus()
        for id in ids {
            guard let repair = try journal.repair(id) else {
                Diagnostic.error("there is no repair \(id): 'qedscan repair --list' lists the repairs")
                status = .failed
                continue
            }
            repairs.append(repair)
            if !parsed.has("quiet") {
                let actions = repair.record.actions.map(\.rawValue).joined(separator: ", ")
                pass.say(repair.record.path, "undo of repair \(id): \(actions)")
            }
        }
        return (repairs, status)
    }

    private func undo(
        _ repair: JournaledRepair, _ pass: RepairPass, _ journal: StoreJournal, _ access: ImageAccess
    ) -> ExitStatus {
        let path = repair.record.path
        do throws(RepairFailure) {
            if let objection = try journal.undoable(repair.id) {
                throw .refused(Refusal(.journal, objection))
            }
            // An earlier undo of this run may just have changed the image.
            access.watch(path)
            access.waitForQuiet()
            let (id, report) = try pass.session(path, journal, access).undo(repair.id)
            access.forget(path)
            pass.say(path, "repair \(repair.id) undone by repair \(id): now \(PlanText.state(report))")
            return [.repaired, ExitStatus(report.outcome)]
        } catch {
            pass.fail(path, error, "repair \(repair.id) not undone")
            return .failed
        }
    }

    /// Prints why repairs cannot be undone now, as far as the journal tells.
    private func objections(
        _ repairs: [JournaledRepair], _ journal: StoreJournal
    ) throws(RepairFailure) -> ExitStatus {
        var status = ExitStatus()
        for repair in repairs {
            guard let objection = try journal.undoable(repair.id) else { continue }
            Diagnostic.error(objection)
            status = .failed
        }
        return status
    }
}
