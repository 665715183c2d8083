import Files
import QED
import Repair
import Testing

/// A repair of which one call fails, or all from one on.
struct FaultTrial {
    private let sound: RepairCycle
    private let story: Comment

    init(_ sound: RepairCycle, _ story: String) {
        self.sound = sound
        self.story = "\(story)"
    }

    /// Repairs with a fault. Returns whether it struck.
    func repair(with fault: MemoryStorage.Fault) throws -> Bool {
        let log = EventLog()
        let storage = MemoryStorage(sound.before, log: log, fault: fault)
        let journal = MemoryJournal(log: log)
        let failure = failure { () throws(RepairFailure) in
            _ = try session(storage, journal).repair(sound.options, as: sound.plan)
        }
        expectNoSyncAfterFailure(failure, storage, fault)
        switch journal.rows.last?.state {
        case nil:
            #expect(failure != nil, story)
            #expect(log.changeCount == 0 && storage.bytes.isSame(as: sound.before), story)
        case .done?:
            #expect(failure == nil, story)
            #expect(storage.bytes.isSame(as: sound.after) && storage.durable.isSame(as: sound.after), story)
        case .rolledBack?:
            #expect(failure != nil, story)
            #expect(storage.bytes.isSame(as: sound.before) && storage.durable.isSame(as: sound.before), story)
        case .prepared?:
            #expect(failure != nil, story)
            try expectSettled(storage, journal)
        case .conflict?: Issue.record("\(story): a conflict")
        }
        return storage.faultCount > 0
    }

    /// Undoes the repair with a fault from then on.
    func undo(_ id: RepairID, with fault: MemoryStorage.Fault) throws {
        let storage = MemoryStorage(sound.before)
        let journal = MemoryJournal()
        _ = try session(storage, journal).repair(sound.options)
        storage.strike(fault)
        let failure = failure { () throws(RepairFailure) in _ = try session(storage, journal).undo(id) }
        guard let undo = journal.rows.dropFirst().last else {
            #expect(failure != nil, story)
            #expect(storage.bytes.isSame(as: sound.after), story)
            return
        }
        switch undo.state {
        case .done:
            #expect(failure == nil, story)
            #expect(storage.bytes.isSame(as: sound.before) && storage.durable.isSame(as: sound.before), story)
        case .rolledBack:
            #expect(storage.bytes.isSame(as: sound.after) && storage.durable.isSame(as: sound.after), story)
        case .prepared: try expectSettled(storage, journal)
        case .conflict: Issue.record("\(story): a conflict")
        }
    }

    // MARK: - Parts

    /// On storage that is sound again: in the running system, and after a crash.
    private func expectSettled(_ storage: MemoryStorage, _ journal: MemoryJournal) throws {
        let afterCrash = MemoryStorage(storage.durable)
        let rows = journal.rows
        storage.fault = nil
        for storage in [storage, afterCrash] {
            let journal = MemoryJournal(rows)
            let expected = sound.settled(from: storage.bytes)
            let result = try session(storage, journal).recover(journal.newest)
            #expect(result.state == .rolledBack || result.state == .done, "\(story): \(result)")
            #expect(storage.bytes.isSame(as: expected) && storage.durable.isSame(as: expected), "\(story): \(result)")
        }
    }

    private func expectNoSyncAfterFailure(
        _ failure: RepairFailure?, _ storage: MemoryStorage, _ fault: MemoryStorage.Fault
    ) {
        guard storage.faultCount > 0, fault.call == .sync || fault.call == .syncData else { return }
        if case .sync? = failure {} else { Issue.record("\(story): \(String(describing: failure))") }
        #expect(storage.calls[fault.call] == fault.number + 1, "\(story): asked again")
    }

    private func session(_ storage: MemoryStorage, _ journal: MemoryJournal) -> RepairSession {
        RepairSession(storage, path: RawPath("image.qed"), journal: journal)
    }

    private func failure(_ body: () throws(RepairFailure) -> Void) -> RepairFailure? {
        do throws(RepairFailure) {
            try body()
            return nil
        } catch {
            return error
        }
    }
}
