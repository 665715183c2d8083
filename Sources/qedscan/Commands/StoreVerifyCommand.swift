import CommandSyntax
import Repair
import Store

/// `qedscan store verify`
struct StoreVerifyCommand: Command {
    static let spec = CommandSpec(
        "verify", summary: "check that the store is whole",
        discussion: [
            "Looks at the database's pages, its references, its tables and views as against those of a new store, and "
                + "whether its counters agree. Then says of each repair of this host whether the image is still as the "
                + "repair left it, so that it can be undone; with --verbose also of those that the journal excludes. "
                + "Changes no row; but a transaction that a crash interrupted is rolled back. In a store that may only be read SQLite sees no CHECK constraints: values that they "
                + "forbid are not found there, which is said. The status is 0 if the store is whole, else 8."
        ])

    private let parsed: ParsedCommand

    init(_ parsed: ParsedCommand) { self.parsed = parsed }

    func run() throws(UsageError) -> ExitStatus {
        guard let path = try StoreLocation.existingPath(parsed) else { return .failed }
        mendInterruption(of: path)
        let check = StoreCheck(ofStoreAt: path)
        for fault in check.faults { Diagnostic.error(fault) }
        guard check.faults.isEmpty else {
            Diagnostic.error(
                "\(PrintableText.escaping(path)): \(check.faults.count) faults; its repairs were not looked at")
            return .failed
        }
        let status = ExitStatus.ofStoreCommand { () throws(StoreError) in
            let store = try ScanStore(reading: path)
            return reviewRepairs(StoreJournal(reading: store, host: Host.name))
        }
        if status.isEmpty, !parsed.has("quiet") {
            let isAll = check.seesConstraints
            StandardOutput.writeLine(
                "\(PrintableText.escaping(path)) is whole"
                    + (isAll ? "" : ", but for the CHECK constraints: SQLite sees them only in a store it may write"))
        }
        return status
    }

    /// Lets SQLite roll back what a crash interrupted. The check reports any other error.
    private func mendInterruption(of path: String) {
        do throws(StoreError) {
            try ScanStore.refuseOtherFiles(at: path)
        } catch {
            // The check reports it.
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
