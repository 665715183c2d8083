import Assets
import Files
import SQLite
import Testing

@testable import QED
@testable import Repair
@testable import Store

/// A store of a version that could not repair.
@Suite struct StoreUpgradeTests {
    private let fixture: StoreFixture

    init() throws { fixture = try StoreFixture() }

    /// A store of the first migration only, with an image, a result and a finding.
    private func makeOldStore() throws {
        let database = try Database(path: fixture.path, mode: .create)
        let first = try #require(Assets.migrations.first)
        #expect(try Migrator(migrations: [first]).migrate(database).map(\.name) == ["0001_create_store"])
        try database.execute(
            """
            INSERT INTO scan (id, uuid, host, started_at, state, roots, options, version)
            VALUES (5, 'u', 'test', '2026-01-02 03:00:00.000', 'completed', '[]', '{}', '0.1');
            INSERT INTO image (id, host, path, path_bytes, device, inode, first_scan_id, last_scan_id)
            VALUES (7, 'test', '/\\xff', x'2FFF', 1, 2, 5, 5);
            INSERT INTO finding_kind (slug, pass, severity, message) VALUES ('cluster-leaked', 'leak', 'leak', 'm');
            INSERT INTO check_result (
                id, image_id, scan_id, checked_at, duration_us, checker_version, outcome, device, inode, file_size,
                mtime_ns, ctime_ns, disk_size, dirty, leaks, corruptions)
            VALUES (9, 7, 5, '2026-01-02 03:04:05.678', 1, 1, 'leaking', 1, 2, 3, 4, 5, 6, 1, 8, 0);
            INSERT INTO finding (check_result_id, number, kind, file_offset, cluster_count)
            VALUES (9, 1, 'cluster-leaked', 65536, 8);
            """)
        try database.close()
    }

    private func content() throws -> [String] {
        let image = "(SELECT id, host, path, path_bytes, device, inode, first_scan_id, last_scan_id FROM image)"
        let scan = "(SELECT id, uuid, host, started_at, state, roots, options, version, images_seen FROM scan)"
        let tables = try [scan, image, "finding"].flatMap { try fixture.lines("SELECT * FROM \($0)") }
        // A view may get more columns.
        return try tables
            + [
                "outcome, leaks, host, present, check_result_id FROM latest_check",
                "path, path_bytes, leaked_bytes FROM damaged_image",
                "scan_id, duration_s, problems, version FROM scan_summary",
            ].flatMap { try fixture.lines("SELECT \($0)") }
    }

    @Test func anUpgradedStoreKeepsItsRows() throws {
        try makeOldStore()
        let before = try content()
        #expect(before.count == 6)
        try fixture.repair { _ in }
        #expect(try content() == before)
        #expect(try fixture.line("SELECT id, repair_id FROM check_result") == "9|-")
        #expect(
            try fixture.lines("SELECT name FROM schema_migration ORDER BY version")
                == Assets.migrations.map {
                    $0.name.replacing(".sql", with: "")
                })
        #expect(try fixture.line("PRAGMA foreign_key_check").isEmpty)
        #expect(try fixture.line("PRAGMA integrity_check") == "ok")
    }

    @Test func anUpgradedStoreTakesRepairs() throws {
        try makeOldStore()
        try fixture.repair { journal throws in
            let candidate = try #require(try journal.store.repairCandidates(node: "test").first)
            #expect(candidate.path == RawPath(bytes: [0x2F, 0xFF]))
            let id = try journal.prepare(.sample(candidate.path), RepairWrite.samples)
            try journal.finish(id, .sample(report: .sample()))
        }
        #expect(try fixture.line("SELECT outcome_before, outcome_after FROM repair_history") == "leaking|clean")
        #expect(try fixture.line("SELECT scan_id, outcome FROM latest_check") == "5|clean")
    }

    @Test func aReaderIsToldToMigrateIt() throws {
        try makeOldStore()
        let error = try #require(throws: StoreError.self) { _ = try ScanStore(reading: fixture.path) }
        #expect(error.description.contains("older than this program's version \(Assets.migrations.count)"))
    }
}
