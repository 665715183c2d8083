import CommandSyntax
import Files
import Glibc
import Repair
import Store

/// Finds out for each repair of this host whether it can be undone, as far as that is possible without locking the image.
struct UndoReview {
    let journal: StoreJournal
    let isVerbose: Bool
    let isQuiet: Bool

    /// Prints a line for each repair. A journal that makes no sense is a failure, but an image that has changed is not.
    func run(_ repairs: [RepairID]) -> ExitStatus {
        var status = ExitStatus()
        for id in repairs {
            do throws(RepairFailure) {
                status.formUnion(try review(id))
            } catch {
                Diagnostic.error("repair \(id): \(error)")
                status.formUnion(.failed)
            }
        }
        return status
    }

    private func review(_ id: RepairID) throws(RepairFailure) -> ExitStatus {
        guard let repair = try journal.repair(id) else { return [] }
        let name = "repair \(id) of \(PrintableText.escaping(repair.record.path.bytes))"
        if repair.state == .prepared {
            Diagnostic.error("\(name) was interrupted; 'qedscan repair' recovers it")
            return .failed
        }
        // Reads every write, also those of repairs that cannot be undone.
        for phase in RepairWrite.Phase.allCases where repair.record.undoes == nil {
            try journal.forEachWrite(of: id, in: phase) { _ in }
        }
        if let objection = try journal.undoable(id) {
            if isVerbose { say("\(name): cannot be undone: \(objection)") }
            return []
        }
        guard let reason = try obstacle(repair) else {
            say("\(name): can be undone")
            return []
        }
        say("\(name): cannot be undone: \(reason)")
        return []
    }

    private func say(_ line: String) {
        if !isQuiet { StandardOutput.writeLine(line) }
    }

    /// Why the image cannot be read or is not as the repair left it; nil if an undo would proceed.
    private func obstacle(_ repair: JournaledRepair) throws(RepairFailure) -> String? {
        let path = repair.record.path
        do throws(RepairFailure) {
            let image = try RepairFailure.wrap { () throws(SystemError) in try ReadOnlyImage(path: path) }
            let use = try RepairFailure.wrap { () throws(SystemError) in try image.testUse() }
            if case .writer(let holder) = use { return "the image is in use: \(holder)" }
            try RepairSession(image, path: path, journal: journal).reviewUndo(repair.id)
            return nil
        } catch {
            switch error {
            case .refused(let refusal): return refusal.message
            case .image(let error): return "the image cannot be read: \(error)"
            case .sync, .journal, .unexpected: throw error
            }
        }
    }
}
