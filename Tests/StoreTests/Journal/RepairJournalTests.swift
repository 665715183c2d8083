import Files
import SQLite
import ScanModel
import Testing

@testable import QED
@testable import Repair
@testable import Store

/// What the journal records of a repair, and when it records nothing.
@Suite struct RepairJournalTests {
    private let fixture: StoreFixture
    private let image = RawPath("/pool/a.qed")

    init() throws {
        fixture = try StoreFixture()
        try fixture.scan { $0.write(CheckedImage(image, .sample())) }
    }

    private func rowCounts() throws -> String {
        try fixture.line(
            """
            SELECT (SELECT count(*) FROM repair), (SELECT count(*) FROM repair_write),
                (SELECT count(*) FROM repair_effect), (SELECT count(*) FROM check_result)
            """)
    }

    // MARK: - What is kept

    @Test func everyKindOfWriteComesBackAsItWas() throws {
        let id = try fixture.repair { try $0.prepare(.sample(image), RepairWrite.samples) }
        let found = try fixture.repair { try $0.allWrites(of: id) }
        #expect(found.count == RepairWrite.samples.count)
        for (one, other) in zip(found, RepairWrite.samples) { #expect(one == other) }
    }

    @Test func writesOfAStepKeepTheirOrder() throws {
        let writes = [5, 3, 9, 1].map {
            RepairWrite(.pointer, .clearInvalid, at: $0 * 8, .words(before: [], after: []))
        }
        let others = [RepairWrite(.detach, .extendTail, at: 0, .append([1]))]
        try fixture.repair { journal throws in
            let id = try journal.prepare(.sample(image), writes + others)
            var offsets: [UInt64] = []
            try journal.forEachWrite(of: id, in: .pointer) { write throws(RepairFailure) in
                offsets.append(write.offset)
            }
            #expect(offsets == [40, 24, 72, 8])
            try journal.forEachWrite(of: id, in: .header) { _ throws(RepairFailure) in Issue.record("none") }
        }
    }

    @Test func aRepairComesBackAsItWas() throws {
        let largest = UInt64(Int64.max)
        let effects = GuestEffect.Kind.allCases.enumerated().map { index, kind in
            GuestEffect(kind, .clearInvalid, GuestRange(offset: UInt64(index) << 16, length: largest))
        }
        let before = ImageFingerprint(
            identity: FileIdentity(
                device: .max, inode: .max - 1, size: largest, modificationTime: .min, changeTime: .max),
            header: [1, 2], metadata: [UInt8](repeating: 255, count: 32))
        for actions in [RepairAction.allCases, [.clearDirty], []] {
            let record = RepairRecord(
                path: image, actions: actions, before: before, sizeAfter: largest - 1, isUndoable: false,
                effects: effects)
            try fixture.repair { journal throws in
                let id = try journal.prepare(record, [])
                let found = try #require(try journal.repair(id))
                #expect((found.id, found.state, found.writesID, found.direction) == (id, .prepared, id, .forward))
                #expect(found.record.path == image && found.record.undoes == nil)
                #expect(found.record.actions == actions)
                #expect(found.record.before == before)
                #expect((found.record.sizeAfter, found.record.isUndoable) == (largest - 1, false))
                #expect(found.record.effects == effects)
                #expect(found.after == nil)
                try journal.finish(id, .sample(.rolledBack))
            }
        }
        try fixture.repair { journal throws in #expect(try journal.repair(99) == nil) }
    }

    @Test(arguments: [RepairState.done, .rolledBack, .conflict]) func aRepairEnds(_ state: RepairState) throws {
        let after = ImageFingerprint(
            identity: FileIdentity(
                device: .max, inode: .max - 7, size: 99, modificationTime: -1, changeTime: .min),
            header: [], metadata: [UInt8](repeating: 7, count: 32))
        try fixture.repair { journal throws in
            let id = try journal.prepare(.sample(image), [])
            #expect(try journal.preparedRepairs() == [id])
            try journal.finish(id, .sample(state, after: after))
            let found = try #require(try journal.repair(id))
            #expect(found.state == state)
            #expect(found.after == (state == .done ? after : nil))
            #expect(found.record.sizeAfter == 99)
            #expect(try journal.preparedRepairs().isEmpty)
            #expect(try journal.lastFingerprint(since: id) == (state == .conflict ? nil : after))
        }
        let columns = "state, message, finished_at >= started_at, host, version, actions, check_result_before_id"
        let message = state == .done ? "-" : "the disk is full"
        #expect(
            try fixture.line("SELECT \(columns) FROM repair")
                == "\(state.rawValue)|\(message)|1|test|1.2.3|[\"clear-invalid\",\"clear-dirty\"]|1")
        #expect(try fixture.line("SELECT device, inode FROM image") == "-1|-8", "as the file has them now")
    }

    @Test func anEndThatCouldNotReadTheImageKeepsThePlannedSize() throws {
        try fixture.repair { journal throws in
            let id = try journal.prepare(.sample(image, sizeAfter: 4096), [])
            try journal.finish(id, .sample(.conflict, after: nil))
            #expect(try journal.repair(id)?.record.sizeAfter == 4096)
            #expect(try journal.lastFingerprint(since: id) == nil)
        }
        #expect(try fixture.line("SELECT size_after FROM repair_history") == "-")
    }

    @Test func theCheckOfARepairIsTheLatestResult() throws {
        try fixture.scan { $0.writeReused(imageID: 1, outcome: .clean, isDirty: false) }
        let report = CheckResult.sample { _ in
        } _: { report in
            report.leaks = 3
            report.findings = [Finding(kind: .clusterLeaked, fileOffset: ByteOffset(11), clusterCount: 3)]
        }
        try fixture.repair { journal throws in
            try journal.finish(try journal.prepare(.sample(image), []), .sample(report: report))
        }
        #expect(try fixture.line("SELECT outcome, leaks, scan_id, duration_us FROM latest_check") == "leaking|3|2|5000")
        #expect(try fixture.line("SELECT id, repair_id FROM check_result") == "1|-\n2|1")
        #expect(try fixture.line("SELECT check_result_id, file_offset FROM finding") == "2|11")
        #expect(try fixture.line("SELECT outcome_before, outcome_after FROM repair_history") == "clean|leaking")
        let store = try ScanStore(reading: fixture.path)
        let known = try store.knownImages(host: StoreFixture.host, oldest: nil)
        #expect(known.map(\.outcome) == [.leaking])
        try fixture.scan { _ in }
        #expect(try fixture.line("SELECT present FROM latest_check") == "0", "a result of a repair is no sighting")
    }

    @Test func pathsThatAreNotUTF8AreFound() throws {
        let paths = [RawPath(bytes: [0x2F, 0xFF]), RawPath("/\\xff")]
        try fixture.scan { writer in
            for path in paths { writer.write(CheckedImage(path, .sample())) }
        }
        try fixture.repair { journal throws in
            for path in paths {
                let id = try journal.make(path)
                #expect(try journal.repair(id)?.record.path == path)
            }
        }
        #expect(try fixture.line("SELECT image_id FROM repair ORDER BY id") == "2\n3")
    }

    // MARK: - All or nothing

    @Test func nothingIsKeptOfWritesThatFail() throws {
        let none = try rowCounts()
        try fixture.repair { journal throws in
            let record = RepairRecord.sample(
                image, effects: [GuestEffect(.zeroed, .clearInvalid, GuestRange(offset: 0, length: 1))])
            let error = try #require(throws: RepairFailure.self) {
                try journal.prepare(record) { add throws(RepairFailure) in
                    for write in RepairWrite.samples { try add(write) }
                    throw .unexpected("stopped")
                }
            }
            #expect(error.description == "stopped")
        }
        #expect(try rowCounts() == none)
    }

    @Test(arguments: [
        RepairWrite(.pointer, .clearInvalid, at: 1, .words(before: [], after: [])),
        RepairWrite(.pointer, .clearInvalid, at: 8, .words(before: [1], after: [2])),
        RepairWrite(.pointer, .clearInvalid, at: 8, .words(before: [UInt8](1...8), after: [])),
        RepairWrite(.reclaim, .reclaimLeaks, at: 8, .release(length: 2, saved: [1])),
        RepairWrite(.tail, .extendTail, at: .max, .append([])),
        RepairWrite(.tail, .cloneShared, at: 8, .copy(source: 1 << 63, length: 0)),
    ])
    func aWriteThatTheStoreCannotHoldIsNotPassedOver(_ bad: RepairWrite) throws {
        let none = try rowCounts()
        try fixture.repair { journal throws in
            let error = try #require(throws: RepairFailure.self) {
                try journal.prepare(.sample(image)) { add throws(RepairFailure) in
                    do throws(RepairFailure) {
                        try add(bad)
                    } catch {
                        // As a caller may not do.
                    }
                }
            }
            guard case .journal = error else { throw error }
        }
        #expect(try rowCounts() == none)
    }

    @Test func nothingIsKeptIfTheCommitFails() throws {
        let none = try rowCounts()
        let store = try ScanStore(writing: fixture.path)
        let journal = try StoreJournal(store: store, host: StoreFixture.host, version: "1")
        // Without WAL a reader keeps the commit, and only that, from being made.
        #expect(try store.database.setJournalMode(.delete) == .delete)
        try store.database.setSynchronous(.extra)
        try store.database.execute("PRAGMA busy_timeout = 0")
        let prepared = try journal.prepare(.sample(image), [])
        let reader = try Database(path: fixture.path, mode: .readOnly)
        let statement = try reader.prepare("SELECT * FROM scan")
        #expect(try statement.step())
        let error = try #require(throws: RepairFailure.self) {
            try journal.finish(prepared, .sample(report: .sample()))
        }
        #expect(error.description.contains("is locked"))
        #expect(!store.database.isInTransaction)
        statement.reset()
        #expect(try journal.preparedRepairs() == [prepared])
        try journal.finish(prepared, .sample())
        #expect(try statement.step())
        #expect(throws: RepairFailure.self) { try journal.prepare(.sample(image), RepairWrite.samples) }
        statement.reset()
        #expect(try rowCounts() == "1|0|0|1")
        #expect(none == "0|0|0|1")
    }

    // MARK: - What is refused

    @Test func anImageHasOnePreparedRepair() throws {
        try fixture.scan { $0.write(CheckedImage(RawPath("/pool/b.qed"), .sample())) }
        try fixture.repair { journal throws in
            let first = try journal.prepare(.sample(image), [])
            let error = try #require(throws: RepairFailure.self) { try journal.prepare(.sample(image), []) }
            guard case .refused(let refusal) = error else { throw error }
            #expect(refusal.test == .journal)
            #expect(refusal.message == "its repair 1 was interrupted")
            let other = try journal.prepare(.sample(RawPath("/pool/b.qed")), [])
            #expect(try journal.preparedRepairs() == [first, other])
            try journal.finish(first, .sample(.rolledBack))
            #expect(try journal.preparedRepairs() == [other])
            _ = try journal.prepare(.sample(image), [])
        }
        let rest = RepairJournalTests.restOfRepair
        let copy = "INSERT INTO repair (id, \(rest)) SELECT 100, \(rest) FROM repair WHERE id = 2"
        let error = try sqliteError { try fixture.execute(copy) }
        #expect(error.code.primary == .constraint && error.message.contains("repair.image_id"))
    }

    private static let restOfRepair = """
        image_id, undoes_repair_id, state, message, host, version, actions, is_undoable, started_at, finished_at,
        check_result_before_id, check_result_after_id, device, inode, size_before, mtime_ns_before, ctime_ns_before,
        header_before, metadata_sha256_before, size_after, device_after, inode_after, mtime_ns_after, ctime_ns_after,
        header_after, metadata_sha256_after
        """

    @Test func imagesThatTheStoreDoesNotKnowAreRefused() throws {
        for (host, path) in [("test", "/pool/none\n"), ("elsewhere", "/pool/a.qed")] {
            try fixture.repair(host: host) { journal throws in
                let error = try #require(throws: RepairFailure.self) {
                    try journal.prepare(.sample(RawPath(path)), [])
                }
                let shown = path.replacing("\n", with: "\\x0a")
                #expect(error.description == "the store: it knows no image \(shown)")
            }
        }
    }

    @Test func aRepairEndsOnce() throws {
        try fixture.repair { journal throws in
            let id = try journal.make(image)
            for state in [RepairState.done, .rolledBack, .conflict, .prepared] {
                let end = RepairEnd.sample(state, after: .sample(9), report: .sample())
                #expect(throws: RepairFailure.self) { try journal.finish(id, end) }
                #expect(throws: RepairFailure.self) { try journal.finish(99, end) }
            }
            #expect(try journal.repair(id)?.after == .sample(2))
        }
        #expect(try rowCounts() == "1|0|0|1")
    }

    @Test func aRepairThatIsDoneHasWhatItCameTo() throws {
        try fixture.repair { journal throws in
            let id = try journal.prepare(.sample(image), [])
            #expect(throws: RepairFailure.self) { try journal.finish(id, .sample(after: nil)) }
            #expect(try journal.preparedRepairs() == [id])
        }
    }

    @Test func onlyRepairsOfThisHostAreListed() throws {
        try fixture.scan(host: "elsewhere") { $0.write(CheckedImage(image, .sample())) }
        let other = try fixture.repair(host: "elsewhere") { try $0.prepare(.sample(image), []) }
        try fixture.repair { journal throws in
            #expect(try journal.preparedRepairs().isEmpty)
            #expect(try journal.undoable(other) == "repair 1 is of host elsewhere")
        }
    }

    @Test func namesOfANewerProgramAreErrors() throws {
        let id = try fixture.repair { try $0.prepare(.sample(image), [RepairWrite.samples[0]]) }
        try fixture.execute(
            """
            INSERT INTO repair_action VALUES ('fly', 'fly away', 'nothing', 0);
            UPDATE repair_write SET action = 'fly';
            """)
        try fixture.repair { journal throws in
            let error = try #require(throws: RepairFailure.self) { try journal.allWrites(of: id) }
            #expect(error.description.contains("column 'action' holds 'fly', which is no RepairAction"))
        }
        try fixture.execute("UPDATE repair SET actions = '[\"fly\"]'")
        try fixture.repair { journal throws in #expect(throws: RepairFailure.self) { try journal.repair(id) } }
    }

    @Test func everyActionIsInTheStore() throws {
        try fixture.execute("UPDATE repair_action SET summary = 'old', is_default = 1 - is_default")
        try fixture.repair { _ in }
        let rows = RepairAction.allCases.map {
            "\($0.rawValue)|\($0.summary)|\($0.loss.rawValue)|\($0.isDefault ? 1 : 0)"
        }
        #expect(try fixture.lines("SELECT * FROM repair_action") == rows.sorted())
    }
}
