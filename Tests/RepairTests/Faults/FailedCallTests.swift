import Files
import Lab
import QED
import Repair
import Testing

/// Calls that fail in the middle of a repair, an undo or a recovery.
@Suite struct FailedCallTests {
    /// More calls of a kind than these are not tried.
    private static let mostCalls = 60

    @Test(arguments: CrashScenario.all)
    func everyFaultLeavesTheImageUnchangedOrRecoverable(_ scenario: CrashScenario) throws {
        let bytes = try scenario.image()
        let sound = try RepairCycle(bytes, scenario.options)
        var (tried, struck) = (0, 0)
        for call in MemoryStorage.Call.allCases {
            let count = min(sound.storage.calls[call, default: 0], FailedCallTests.mostCalls)
            for number in 0..<count {
                for isForEver in [false, true] {
                    let fault = MemoryStorage.Fault(call: call, number: number, isForEver: isForEver)
                    let trial = FaultTrial(sound, "\(scenario): \(fault)")
                    tried += 1
                    struck += try trial.repair(with: fault) ? 1 : 0
                }
            }
        }
        print("faults in repairs, \(scenario): \(tried) tried, \(struck) struck")
        #expect(struck > 10)
    }

    @Test(arguments: CrashScenario.all)
    func everyFaultInAnUndoIsRecovered(_ scenario: CrashScenario) throws {
        let sound = try RepairCycle(scenario.image(), scenario.options)
        guard let id = sound.id, sound.plan.isUndoable else { return }
        for call in MemoryStorage.Call.allCases {
            for number in 0..<12 {
                for isForEver in [false, true] {
                    let fault = MemoryStorage.Fault(call: call, number: number, isForEver: isForEver)
                    try FaultTrial(sound, "\(scenario), undo: \(fault)").undo(id, with: fault)
                }
            }
        }
    }

    @Test(arguments: CrashScenario.all)
    func withoutAJournalNothingIsWritten(_ scenario: CrashScenario) throws {
        let (log, bytes) = (EventLog(), try scenario.image())
        let storage = MemoryStorage(bytes, log: log)
        let journal = MemoryJournal(log: log)
        journal.failing = [.prepare]
        let session = RepairSession(storage, path: RawPath("image.qed"), journal: journal)
        #expect(throws: RepairFailure.self) { try session.repair(scenario.options) }
        #expect(log.events.isEmpty)
        #expect(storage.bytes.isSame(as: bytes))
    }

    @Test(arguments: CrashScenario.all)
    func whatTheJournalCouldNotFinishIsRecovered(_ scenario: CrashScenario) throws {
        let sound = try RepairCycle(scenario.image(), scenario.options)
        let storage = MemoryStorage(sound.before)
        let journal = MemoryJournal()
        journal.failing = [.finish]
        let session = RepairSession(storage, path: RawPath("image.qed"), journal: journal)
        #expect(throws: RepairFailure.self) { try session.repair(scenario.options) }
        #expect(journal.rows.map(\.state) == [.prepared])
        #expect(throws: RepairFailure.self) { try session.recover(1) }
        #expect(journal.rows.map(\.state) == [.prepared])
        journal.failing = []
        #expect(try session.recover(1).state == (sound.reclaims ? .done : .rolledBack))
        #expect(storage.durable.isSame(as: (sound.reclaims ? sound.after : sound.before)))
        #expect(throws: RepairFailure.self) { try session.recover(1) }
    }
}
