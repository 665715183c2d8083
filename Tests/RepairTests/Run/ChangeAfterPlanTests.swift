import Files
import Lab
import QED
import TestSupport
import Testing

@testable import Repair

/// Changes between the plan and the first write, and what an interrupted repair must not do afterwards.
@Suite struct ChangeAfterPlanTests {
    private static let cluster = 4096

    /// A storage that somebody else gets at just before the last test.
    private func session(
        _ bytes: [UInt8], _ log: EventLog = EventLog()
    ) -> (MemoryStorage, MemoryJournal, RepairSession) {
        let storage = MemoryStorage(bytes, log: log)
        let journal = MemoryJournal(log: log)
        return (storage, journal, RepairSession(storage, path: RawPath("image.qed"), journal: journal))
    }

    private func shared() throws -> [UInt8] { try TestImage.small(.l2(1, 0, UInt64(3 * Self.cluster))) }

    @Test func aProgramThatOpenedItMeanwhileLosesNothing() throws {
        let log = EventLog()
        let (storage, journal, session) = session(try shared(), log)
        storage.fault = MemoryStorage.Fault(call: .exclusiveUse, number: 0, isForEver: false)
        let before = storage.bytes
        #expect(throws: RepairFailure.self) { try session.repair(RepairOptions()) }
        #expect(log.changeCount == 0 && storage.bytes.isSame(as: before))
        #expect(journal.rows.map(\.state) == [.rolledBack])
    }

    @Test func anImageThatChangedMeanwhileIsNotRepaired() throws {
        let log = EventLog()
        let (storage, journal, session) = session(try shared(), log)
        journal.onPrepare = { storage.extendForeign(by: 16 * Self.cluster) }
        let count = storage.bytes.count
        #expect(throws: RepairFailure.self) { try session.repair(RepairOptions()) }
        #expect(log.changeCount == 0 && storage.bytes.count == count + 16 * Self.cluster)
        #expect(journal.rows.map(\.state) == [.rolledBack])
    }

    @Test func whatAGuestWroteIntoAnExtendedClusterIsAConflict() throws {
        let image = try TestImage.small(.length(UInt64(11 * Self.cluster + 512)))
        let (storage, journal, session) = session(image)
        // The extension is there, its barrier failed.
        storage.fault = MemoryStorage.Fault(call: .syncData, number: 0, isForEver: true)
        #expect(throws: RepairFailure.self) { try session.repair(RepairOptions()) }
        #expect(journal.rows.map(\.state) == [.prepared])
        let log = EventLog()
        let after = MemoryStorage(image + [UInt8](repeating: 0, count: 12 * Self.cluster - image.count), log: log)
        after.writeForeign([7], at: 12 * Self.cluster - 5)
        let next = RepairSession(after, path: RawPath("image.qed"), journal: journal)
        #expect(try next.recover(1).state == .conflict)
        #expect(log.changeCount == 0)
    }

    @Test func leaksNotYetReclaimedAreKeptByTheRecovery() throws {
        var options = RepairOptions()
        options.actions.insert(.reclaimLeaks)
        let image = try TestImage.small(.l2(0, 1, 0))
        let (storage, journal, session) = session(image)
        journal.failing = [.finish]
        storage.fault = MemoryStorage.Fault(call: .exclusiveUse, number: 0, isForEver: false)
        #expect(throws: RepairFailure.self) { try session.repair(options) }
        #expect(journal.rows.map(\.state) == [.prepared])
        journal.failing = []
        storage.fault = nil
        #expect(try session.recover(1).state == .rolledBack)
        #expect(storage.bytes.isSame(as: image))
    }

    @Test func aFileSystemWithoutHolesGivesNothingBack() throws {
        var options = RepairOptions()
        options.actions.insert(.reclaimLeaks)
        let (storage, journal, session) = session(try TestImage.small(.l2(0, 1, 0)))
        storage.holesAreUnsupported = true
        _ = try session.repair(options)
        #expect(journal.rows.map(\.state) == [.done])
    }

    @Test(arguments: [
        RepairWrite(
            .pointer, .clearInvalid, at: 0,
            .words(before: [1, 0, 0, 0, 0, 0, 0, 0], after: [UInt8](repeating: 0, count: 8))),
        RepairWrite(
            .header, .clearDirty, at: 48,
            .words(before: [UInt8](repeating: 0, count: 8), after: [UInt8](repeating: 1, count: 8))),
        RepairWrite(
            .pointer, .clearInvalid, at: 3 * 4096,
            .words(before: [UInt8](repeating: 0, count: 8), after: [UInt8](repeating: 1, count: 8))),
        RepairWrite(
            .pointer, .clearInvalid, at: 4100,
            .words(before: [UInt8](repeating: 0, count: 8), after: [UInt8](repeating: 1, count: 8))),
        RepairWrite(.tail, .cloneShared, at: 4096, .append([1, 2, 3])),
        RepairWrite(.reclaim, .reclaimLeaks, at: 1 << 40, .release(length: 4096, saved: nil)),
        RepairWrite(.detach, .clearInvalid, at: 4096, .copy(source: 0, length: 8)),
    ])
    func aJournalThatIsNoRepairsIsNotFollowed(write: RepairWrite) throws {
        let image = try TestImage.small()
        let log = EventLog()
        let (storage, journal, session) = session(image, log)
        let record = RepairRecord(
            path: RawPath("image.qed"), actions: [.clearInvalid],
            before: try MetadataDigest.fingerprint(
                of: storage, identity: try storage.status().identity, limits: CheckLimits()),
            sizeAfter: UInt64(image.count), isUndoable: true,
            effects: [])
        _ = try journal.prepare(record) { add throws(RepairFailure) in try add(write) }
        #expect(try session.recover(1).state == .conflict)
        #expect(log.changeCount == 0 && storage.bytes.isSame(as: image))
    }
}
