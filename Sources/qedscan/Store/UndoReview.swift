import CommandSyntax
import Files
import Glibc
import Repair
import Store

/// What an undo would say of each repair of this host that the journal lets be undone, as far as that can be told
/// without taking the image: nothing is written, and nobody is kept from opening it.
struct UndoReview {
    let journal: StoreJournal
    let isVerbose: Bool
    let isQuiet: Bool

    /// Prints a line for each; a journal that cannot be followed is a failure, an image that has changed is none.
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
            Diagnostic.error("\(name) was interrupted: 'qedscan repair' settles it")
            return .failed
        }
        // Every write is read, also of a repair that cannot be undone.
        for phase in RepairWrite.Phase.allCases where repair.record.undoes == nil {
            try journal.forEachWrite(of: id, in: phase) { _ in }
        }
        if let objection = try journal.undoable(id) {
            if isVerbose { say("\(name): no undo: \(objection)") }
            return []
        }
        guard let reason = try obstacle(repair) else {
            say("\(name): undo possible")
            return []
        }
        say("\(name): no undo: \(reason)")
        return []
    }

    private func say(_ line: String) {
        if !isQuiet { StandardOutput.writeLine(line) }
    }

    /// Why the image is not as the repair left it, or cannot be looked at; nil if an undo would go on.
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
