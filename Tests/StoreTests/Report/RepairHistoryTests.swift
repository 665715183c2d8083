import Files
import ScanModel
import Testing

@testable import QED
@testable import Repair
@testable import Store

/// What the view `repair_history` says.
@Suite struct RepairHistoryTests {
    private let fixture: StoreFixture
    private let image = RawPath("/pool/a.qed")

    init() throws {
        fixture = try StoreFixture()
        let damaged = CheckResult.sample {
            $0.features = .needCheck
        } _: {
            ($0.corruptions, $0.leaks) = (3, 4)
        }
        try fixture.scan { $0.write(CheckedImage(image, damaged)) }
    }

    @Test func everyColumnIsFilled() throws {
        let effects = [
            GuestEffect(.unallocated, .clearInvalid, GuestRange(offset: 0, length: 10)),
            GuestEffect(.zeroed, .clearInvalid, GuestRange(offset: 20, length: 5)),
            GuestEffect(.readable, .extendTail, GuestRange(offset: 40, length: 100)),
        ]
        let writes = [
            RepairWrite(
                .pointer, .clearInvalid, at: 8,
                .words(before: [UInt8](repeating: 1, count: 24), after: [UInt8](repeating: 2, count: 24))),
            RepairWrite(
                .header, .clearDirty, at: 16,
                .words(before: [UInt8](repeating: 1, count: 8), after: [UInt8](repeating: 2, count: 8))),
            RepairWrite(.tail, .cloneShared, at: 1 << 20, .copy(source: 0, length: 4096)),
            RepairWrite(.tail, .cloneShared, at: 1 << 21, .copy(source: 0, length: 100)),
            RepairWrite(.tail, .extendTail, at: 1 << 22, .append([0, 0])),
            RepairWrite(.reclaim, .reclaimLeaks, at: 1 << 22, .release(length: 1000, saved: nil)),
        ]
        try fixture.repair { journal throws in
            let record = RepairRecord.sample(
                image, before: .sample(1, size: 1000), sizeAfter: 2000, effects: effects)
            let id = try journal.prepare(record, writes)
            try journal.finish(
                id,
                .sample(
                    after: .sample(2, size: 2000),
                    report: .sample { _ in
                    } _: {
                        $0.leaks = 1
                    }))
            let undo = try journal.prepare(
                .sample(image, undoes: id, before: .sample(2, size: 2000), sizeAfter: 1000), [])
            try journal.finish(undo, .sample(.rolledBack, after: .sample(2, size: 2000)))
            try journal.make(image, undoes: id)
            try journal.make(image, undoes: 3)
            _ = try journal.prepare(.sample(image), [])
        }
        let columns = """
            repair_id, path, host, state, actions, undoes_repair_id, undone_by_repair_id, is_undoable, outcome_before,
            outcome_after, corruptions_before, corruptions_after, leaks_before, leaks_after, dirty_before, dirty_after,
            size_before, size_after, changed_entries, copied_bytes, lost_ranges, lost_bytes, message
            """
        let start = "/pool/a.qed|test|"
        let actions = "[\"clear-invalid\",\"clear-dirty\"]"
        let size = 20 << 16
        #expect(
            try fixture.lines("SELECT \(columns) FROM repair_history ORDER BY repair_id") == [
                "1|\(start)done|\(actions)|-|-|1|corrupt|leaking|3|0|4|1|1|0|1000|2000|4|4196|2|15|-",
                "2|\(start)rolled_back|\(actions)|1|-|1|leaking|-|0|-|1|-|0|-|2000|2000|4|0|0|0|the disk is full",
                "3|\(start)done|\(actions)|1|4|1|leaking|-|0|-|1|-|0|-|\(size)|\(size)|4|0|0|0|-",
                "4|\(start)done|\(actions)|3|-|1|leaking|-|0|-|1|-|0|-|\(size)|\(size)|4|4196|0|0|-",
                "5|\(start)prepared|\(actions)|-|-|1|leaking|-|0|-|1|-|0|-|\(size)|-|0|0|0|0|-",
            ])
        #expect(
            try fixture.lines("SELECT finished_at IS NULL FROM repair_history ORDER BY repair_id") == [
                "0", "0", "0", "0", "1",
            ])
    }

    @Test func manyRepairsAreListedInTime() throws {
        try fixture.repair { _ in }
        // Each third undoes the first of its three, each other third that undo.
        try fixture.execute(
            """
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000)
            INSERT INTO repair (id, image_id, undoes_repair_id, state, host, version, actions, is_undoable, started_at,
                finished_at, device, inode, size_before, mtime_ns_before, ctime_ns_before, header_before,
                metadata_sha256_before, size_after, device_after, inode_after, mtime_ns_after, ctime_ns_after,
                header_after, metadata_sha256_after)
            SELECT i, 1, CASE WHEN i % 3 <> 1 THEN i - 1 END, 'done', 'test', '1', '[]', 1, '', '', 1, 1, 1, 1, 1,
                x'', zeroblob(32), 1, 1, 1, 1, 1, x'', zeroblob(32)
            FROM n
            """)
        #expect(
            try fixture.line(
                """
                SELECT count(*), sum(undone_by_repair_id = repair_id + 1 AND repair_id % 3 = 2), count(undone_by_repair_id)
                FROM repair_history
                """) == "30000|10000|10000")
        try fixture.repair { journal throws in
            #expect(try journal.undoable(29998) == nil)
            #expect(
                try journal.undoable(29997) == "repair 29997 is an undo, which can be undone only while it is "
                    + "the newest: repair 30000 came after it")
        }
    }
}
