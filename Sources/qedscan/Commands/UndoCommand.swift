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
        "undo", summary: "put back exactly what a repair changed",
        discussion: [
            "The image is then byte for byte as it was before the repair. It must be as the repair left it: what has "
                + "been used since is not put back. The newest repair of an image comes first. An undo is a repair "
                + "like others, and can be undone.",
            "Repairs that were interrupted are settled first.",
        ],
        options: [
            OptionSpec("dry-run", short: "n", help: "only say what would be put back"),
            OptionSpec("yes", short: "y", help: "do not ask"),
        ] + AccessOptions.specs,
        operands: [OperandSpec("REPAIR-ID", help: "as 'qedscan repair --list' shows it", repeating: true)],
        examples: [.init("qedscan undo 12", "Takes repair 12 back.")])

    private let parsed: ParsedCommand
    /// Newest first.
    private let ids: [RepairID]
    private let access: AccessOptions

    init(_ parsed: ParsedCommand) throws(UsageError) {
        self.parsed = parsed
        ids = try Set(parsed.integers(ofOperand: "REPAIR-ID", in: 1...Int.max).map(RepairID.init)).sorted(by: >)
        access = try AccessOptions(parsed)
        if !parsed.has("yes"), !parsed.has("dry-run"), isatty(STDIN_FILENO) != 1 {
            throw parsed.usageError("there is no terminal to ask on: give --yes, or --dry-run")
        }
    }

    var threadCount: Int { ScanConfiguration.processorCount + 4 }

    func run() throws(UsageError) -> ExitStatus {
        let cancellation = Cancellation()
        let signals = SignalWatch(cancellation)
        defer { withExtendedLifetime(signals) {} }
        let pass = RepairPass(
            options: RepairOptions(), limits: CheckLimits(), cancellation: cancellation, palette: try Palette(parsed))
        return try RepairStore.use(parsed, cancellation) { _, journal throws(RepairFailure) in
            try undo(pass, journal)
        }
    }

    private func undo(_ pass: RepairPass, _ journal: StoreJournal) throws(RepairFailure) -> ExitStatus {
        let access = try ImageAccess(access, pass.cancellation)
        var status: ExitStatus = parsed.has("dry-run") ? [] : try pass.recoverInterrupted(journal, access)
        var repairs: [JournaledRepair] = []
        for id in ids {
            guard let repair = try journal.repair(id) else {
                Diagnostic.error("there is no repair \(id): 'qedscan repair --list' shows them")
                status.formUnion(.failed)
                continue
            }
            repairs.append(repair)
            access.watch(repair.record.path)
            if !parsed.has("quiet") {
                let actions = repair.record.actions.map(\.rawValue).joined(separator: ", ")
                pass.say(repair.record.path, "undo of repair \(id): \(actions)")
            }
        }
        guard !parsed.has("dry-run"), !repairs.isEmpty else { return status.union(try objections(repairs, journal)) }
        guard parsed.has("yes") || Confirmation.ask("Undo \(repairs.count) of them?") else {
            return status.union(.failed)
        }
        for repair in repairs {
            guard !pass.cancellation.isCancelled else { return status.union(.interrupted) }
            status.formUnion(undo(repair, pass, journal, access))
        }
        return status
    }

    private func undo(
        _ repair: JournaledRepair, _ pass: RepairPass, _ journal: StoreJournal, _ access: ImageAccess
    ) -> ExitStatus {
        let path = repair.record.path
        do throws(RepairFailure) {
            if let objection = try journal.undoable(repair.id) {
                throw .refused(Refusal(.journal, objection))
            }
            // An earlier one of this run may just have changed the image.
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

    /// Says which of the repairs cannot be undone as things stand.
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
