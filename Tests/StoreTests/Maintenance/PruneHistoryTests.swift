import Foundation
import Lab
import SQLite
import TestSupport
import Testing

@testable import QED
@testable import Repair
@testable import Store

/// Pruning older scans does not change what is reported of those that stay.
@Suite struct PruneHistoryTests {
    private static let seeds: [UInt64] = {
        var random = SeededRandom(seed: Seed.next("PruneHistoryTests"))
        return (0..<12).map { _ in random.next() }
    }()

    /// All answers about scans from `first` on, and about the images as they are now.
    private func answers(_ store: StoreFixture, from first: Int64) throws -> [String: [String]] {
        let trend = try #require(Report.named("trend"))
        return [
            "changes": try store.lines(
                "SELECT * FROM scan_change WHERE scan_id >= \(first) ORDER BY scan_id, image_id"),
            "trend": try store.lines("SELECT * FROM (\(trend.sql.replacing(";", with: ""))) WHERE scan_id >= \(first)"),
            "latest": try store.lines("SELECT * FROM latest_check WHERE present ORDER BY image_id"),
            "damaged": try store.lines("SELECT * FROM damaged_image ORDER BY image_id"),
            "history": try store.lines(
                """
                SELECT * FROM image_history WHERE check_result_id IN (
                    SELECT id FROM check_result WHERE scan_id >= \(first)) ORDER BY check_result_id
                """),
            "scans": try store.lines("SELECT * FROM scan_summary WHERE scan_id >= \(first) ORDER BY scan_id"),
            "errors": try store.lines("SELECT * FROM path_error WHERE scan_id >= \(first) ORDER BY id"),
        ]
    }

    /// By path: an image that was forgotten and comes back is a new one.
    private func changes(
        _ store: StoreFixture, from first: Int64, without forgotten: Set<String>
    ) throws -> [[SQLiteValue]] {
        let rows = try store.rows(
            """
            SELECT path, old_path, scan_id, change, outcome_before, outcome_after, corruptions_before, leaks_after
            FROM scan_change WHERE scan_id >= \(first) ORDER BY scan_id, path
            """)
        #expect(!rows.isEmpty)
        return rows.filter { row in
            forgotten.allSatisfy { row[0] != .text($0) && row[1] != .text($0) && row[0] != .text("\($0)m") }
        }
    }

    private func prune(_ fixture: StoreFixture, keeping scans: Int) throws -> PruneCounts {
        let store = try ScanStore(writing: fixture.path)
        let pruning = try Pruning(PruneRule(keepScans: scans, keepSince: nil), in: store)
        try pruning.run()
        try store.close()
        return pruning.counts
    }

    @Test(arguments: seeds) func pruningDoesNotChangeWhatIsReportedOfKeptScans(seed: UInt64) throws {
        let fixture = try StoreFixture()
        var pool = RandomPool(seed: seed)
        for _ in 0..<14 { try pool.pass(fixture) }
        let whole = try StoreFixture()
        try FileManager.default.copyItem(atPath: fixture.path, toPath: whole.path)

        _ = try prune(fixture, keeping: 4)
        let kept = try fixture.rows("SELECT min(id) FROM scan WHERE pruned_at IS NULL")
        let first = try #require(Int64(sqliteValue: kept[0][0]))
        #expect(first > 1, "seed \(seed)")
        #expect(try answers(fixture, from: first) == answers(whole, from: first), "seed \(seed)")
        #expect(try fixture.lines("PRAGMA foreign_key_check").isEmpty)
        #expect(try fixture.lines("PRAGMA integrity_check") == ["ok"])
        #expect(try fixture.lines("SELECT scan_id FROM scan_change WHERE scan_id < \(first)").isEmpty)
        #expect(try prune(fixture, keeping: 4).isEmpty, "seed \(seed)")

        // Later changes are reported the same too.
        let forgotten = try Set(whole.lines("SELECT path FROM image")).subtracting(
            fixture.lines("SELECT path FROM image"))
        var twin = pool
        for _ in 0..<3 {
            try pool.pass(fixture)
            try twin.pass(whole)
        }
        #expect(
            try changes(fixture, from: first, without: forgotten) == changes(whole, from: first, without: forgotten),
            "seed \(seed)")
    }

    @Test func anInterruptedPruningIsResumed() throws {
        let fixture = try StoreFixture()
        var pool = RandomPool(seed: 7)
        for _ in 0..<14 { try pool.pass(fixture) }
        let whole = try StoreFixture()
        try FileManager.default.copyItem(atPath: fixture.path, toPath: whole.path)
        // As a crash leaves it after the first steps.
        try fixture.execute("UPDATE scan SET pruned_at = 'then' WHERE id < 5")
        _ = try prune(fixture, keeping: 4)
        _ = try prune(whole, keeping: 4)
        for table in ["image", "check_result", "finding", "image_event", "repair", "path_error"] {
            #expect(try fixture.lines("SELECT * FROM \(table)") == whole.lines("SELECT * FROM \(table)"), "\(table)")
        }
    }
}
