import CommandSyntax
import Files
import Repair
import Store

/// `qedscan store verify`
struct StoreVerifyCommand: Command {
    static let spec = CommandSpec(
        "verify", summary: "check that the store is sound",
        discussion: [
            "Checks the pages of the database, its references, and its counters, and compares its tables and views with "
                + "those of a new store. Then prints for each repair of this host whether it can be undone, that is, "
                + "whether the image has not changed since; with --verbose also why other repairs cannot be undone. "
                + "Changes nothing, but lets SQLite roll back a transaction that a crash has interrupted. If you may "
                + "only read the store, SQLite does not check CHECK constraints, and a message says so. The exit "
                + "status is 0 if the store is sound, else 8."
        ])

    private let parsed: ParsedCommand

    init(_ parsed: ParsedCommand) { self.parsed = parsed }

    func run() throws(UsageError) -> ExitStatus {
        guard let path = try StoreLocation.existingPath(parsed) else { return .failed }
        rollBackInterruption(of: path)
        let check = StoreCheck(ofStoreAt: path)
        for fault in check.faults { Diagnostic.error(fault) }
        guard check.faults.isEmpty else {
            Diagnostic.error(
                "\(PrintableText.escaping(path)): \(Count.text(check.faults.count, "fault")); the repairs were not checked"
            )
            return .failed
        }
        let status = ExitStatus.reporting { () throws(StoreError) in
            let store = try ScanStore(reading: path)
            return reviewRepairs(StoreJournal(reading: store, host: Host.name))
        }
        if status.isEmpty, !parsed.has("quiet") {
            let isAll = check.seesConstraints
            StandardOutput.writeLine(
                "\(PrintableText.escaping(path)) is sound"
                    + (isAll
                        ? ""
                        : ", except that CHECK constraints were not checked: SQLite checks them only in a writable store")
            )
        }
        return status
    }

    /// Lets SQLite roll back what a crash has interrupted. The check finds and prints all other errors again.
    private func rollBackInterruption(of path: String) {
        do throws(StoreError) {
            try ScanStore.refuseOtherFiles(at: path)
        } catch {
            // The check prints it.
        }
    }

    private func reviewRepairs(_ journal: StoreJournal) -> ExitStatus {
        do throws(RepairFailure) {
            let review = UndoReview(
                journal: journal, isVerbose: parsed.has("verbose"), isQuiet: parsed.has("quiet"))
            return review.run(try journal.allRepairs())
        } catch {
            Diagnostic.error(error.description)
            return .failed
        }
    }
}
