import CommandSyntax
import Files
import Repair
import Store

/// `qedscan store verify`
struct StoreVerifyCommand: Command {
    static let spec = CommandSpec(
        "verify", summary: "check the integrity of the store",
        discussion: [
            "Checks the pages, foreign keys and counters of the database, and compares its schema with that of a new "
                + "store. The exit status is 0 if the store is intact and no repair is interrupted, else 8. With read "
                + "access only, CHECK constraints are not checked, and a message says so.",
            "Then says for each repair of this host whether the image is unchanged, so that the repair can be undone. "
                + "With --verbose, also lists repairs that cannot be undone for other reasons.",
            "Changes no data. SQLite may roll back a transaction that a crash interrupted.",
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
