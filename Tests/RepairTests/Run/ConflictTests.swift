import Files
import Lab
import QED
import Repair
import TestSupport
import Testing

/// Somebody uses the image between a crash and the recovery, or between a repair and its undo.
@Suite struct ConflictTests {
    private static let cluster = 4096

    /// Two shared clusters, cloned to 12 and 13; the image is dirty.
    private func repaired() throws -> RepairCycle {
        let image = try RepairCycle(
            TestImage.small(.l2(1, 0, UInt64(3 * Self.cluster)), .l2(1, 2, UInt64(4 * Self.cluster))) {
                $0.features.insert(.needCheck)
            }, .with())
        #expect(image.after.count == 14 * Self.cluster)
        return image
    }

    /// States of a crash in the middle of it: some two dozen, or of those that fit.
    private func crashed(
        _ image: RepairCycle, where fits: ([UInt8]) -> Bool = { _ in true }
    ) throws -> [CrashState] {
        var random = SeededRandom(seed: Seed.value)
        let states = CrashStates(start: image.before, rows: [], events: image.log.events).states(using: &random)
            .filter { $0.rows.last?.state == .prepared && fits($0.bytes) }
        #expect(states.count > 1)
        return stride(from: 0, to: states.count, by: max(states.count / 24, 1)).map { states[$0] }
    }

    /// Settles what somebody changed, and expects that it is left alone.
    private func expectConflict(
        _ state: CrashState, _ what: Comment, change: (MemoryStorage) throws -> Void
    ) throws {
        let log = EventLog()
        let storage = MemoryStorage(state.bytes, log: log)
        try change(storage)
        let bytes = storage.bytes
        let journal = MemoryJournal(state.rows, log: log)
        let session = RepairSession(storage, path: RawPath("image.qed"), journal: journal)
        #expect(try session.recover(1).state == .conflict, what)
        #expect(log.changeCount == 0 && storage.bytes.isSame(as: bytes), what)
        #expect(journal.rows.map(\.state) == [.conflict], what)
        #expect(throws: RepairFailure.self, what) { try session.recover(1) }
    }

    private func has(_ image: RepairCycle, _ bytes: [UInt8], at offset: Int) -> Bool {
        bytes.word(at: offset) == image.after.word(at: offset)
    }

    @Test func changedWordIsAConflict() throws {
        for state in try crashed(repaired()) {
            try expectConflict(state, "an entry") { $0.writeForeign([1, 2, 3], at: 7 * Self.cluster) }
            try expectConflict(state, "the features") { $0.writeForeign([4], at: 16) }
        }
    }

    @Test func changedEntryElsewhereIsAConflict() throws {
        for state in try crashed(repaired()) {
            try expectConflict(state, "an L2 entry") { $0.writeForeign([1], at: 2 * Self.cluster + 8 * 100) }
            try expectConflict(state, "an L1 entry") { $0.writeForeign([0, 0x30], at: Self.cluster + 8 * 2) }
            try expectConflict(state, "the image size") { $0.writeForeign([0, 2], at: 48) }
        }
    }

    @Test func writtenCloneThatIsInUseIsAConflict() throws {
        let image = try repaired()
        for state in try crashed(image, where: { has(image, $0, at: 7 * Self.cluster) }) {
            for offset in [12 * Self.cluster, 14 * Self.cluster - 1] {
                try expectConflict(state, "a clone at \(offset)") {
                    $0.writeForeign([$0.bytes[offset] ^ 0xFF], at: offset)
                }
            }
        }
    }

    @Test func appendedClusterIsAConflict() throws {
        let image = try repaired()
        for state in try crashed(image, where: { $0.count == image.after.count }) {
            try expectConflict(state, "a cluster more") { $0.extendForeign(by: Self.cluster) }
        }
    }

    /// Rows that no repair has written: whoever reads the image as it was before takes them for disjoint.
    @Test(arguments: [
        [
            RepairWrite(
                .pointer, .cloneShared, at: 7 * 4096, .words(before: .init(repeating: 1, count: 4096), after: []))
        ],
        [
            RepairWrite(
                .pointer, .cloneShared, at: 7 * 4096,
                .words(before: .init(repeating: 1, count: 4096), after: .init(repeating: 2, count: 4096))),
            RepairWrite(
                .pointer, .cloneShared, at: 7 * 4096 + 8, .words(before: [0, 0, 0, 0, 0, 0, 0, 0], after: [1])),
        ],
        [RepairWrite(.header, .clearDirty, at: 0, .words(before: .init(repeating: 0, count: 64), after: []))],
        [RepairWrite(.pointer, .cloneShared, at: .max - 7, .words(before: [0, 0, 0, 0, 0, 0, 0, 0], after: [1]))],
        [RepairWrite(.tail, .cloneShared, at: .max, .append([1]))],
        [RepairWrite(.tail, .cloneShared, at: 12 * 4096, .copy(source: .max, length: .max))],
        [RepairWrite(.reclaim, .reclaimLeaks, at: .max, .release(length: .max, saved: [1]))],
        [RepairWrite(.reclaim, .reclaimLeaks, at: 4096, .release(length: .max, saved: nil))],
    ])
    func forgedWritesAreAConflict(_ writes: [RepairWrite]) throws {
        for state in try crashed(repaired()) {
            let row = try #require(state.rows.last)
            let forged = MemoryJournal.Row(record: row.record, writes: writes)
            let storage = MemoryStorage(state.bytes, log: EventLog())
            let journal = MemoryJournal([forged])
            let session = RepairSession(storage, path: RawPath("image.qed"), journal: journal)
            #expect(try session.recover(1).state == .conflict)
            #expect(storage.bytes.isSame(as: state.bytes))
        }
    }

    @Test func otherFileIsAConflict() throws {
        for state in try crashed(repaired()) {
            try expectConflict(state, "another file") { $0.inode = 99 }
        }
    }

    @Test func writeToAnUnrelatedClusterSurvives() throws {
        let image = try repaired()
        for state in try crashed(image) {
            let storage = MemoryStorage(state.bytes)
            storage.writeForeign([0xAB, 0xCD], at: 9 * Self.cluster + 17)
            var expected = image.before
            expected.overwrite([0xAB, 0xCD], at: 9 * Self.cluster + 17)
            let journal = MemoryJournal(state.rows)
            let session = RepairSession(storage, path: RawPath("image.qed"), journal: journal)
            #expect(try session.recover(1).state == .rolledBack)
            #expect(storage.durable.isSame(as: expected))
        }
    }

    @Test func undoIsRefusedOnceAGuestHasWritten() throws {
        for offset in [9 * Self.cluster, 12 * Self.cluster] {
            let image = try repaired()
            image.storage.writeForeign([image.after[offset]], at: offset)
            #expect(image.storage.bytes.isSame(as: image.after), "only the time of the last change is another")
            let changes = image.log.changeCount
            let failure = #expect(throws: RepairFailure.self) { try image.session.undo(1) }
            guard case .refused(let refusal)? = failure else {
                Issue.record("\(String(describing: failure))")
                continue
            }
            #expect(refusal.test == .unchanged)
            #expect(image.log.changeCount == changes)
            #expect(image.journal.rows.count == 1)
        }
    }

    @Test func otherPlanThanTheOneShownIsRefused() throws {
        let image = try repaired()
        let log = EventLog()
        let storage = MemoryStorage(image.before, log: log)
        storage.writeForeign([9], at: 7 * Self.cluster + 8)
        let session = RepairSession(storage, path: RawPath("image.qed"), journal: MemoryJournal(log: log))
        #expect(throws: RepairFailure.self) { try session.repair(image.options, as: image.plan) }
        #expect(log.events.isEmpty)
    }
}
