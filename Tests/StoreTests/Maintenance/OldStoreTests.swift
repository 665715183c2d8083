import Assets
import Foundation
import SQLite
import TestSupport
import Testing

@testable import QED
@testable import Store

/// Stores of earlier versions, as dumps: `Stores/version-N.sql` has the migrations as that version ran them.
@Suite struct OldStoreTests {
    private let fixture: StoreFixture

    init() throws { fixture = try StoreFixture() }

    private func load(_ version: Int) throws { try OldStoreTests.load(version, into: fixture) }

    static func load(_ version: Int, into fixture: StoreFixture) throws {
        let dump = try Data(contentsOf: Checkout.url("Tests/StoreTests/Stores/version-\(version).sql"))
        let database = try Database(path: fixture.path, mode: .create)
        try database.execute(String(decoding: dump, as: UTF8.self))
        try database.close()
    }

    /// The tables of a store, each with its columns, and its rows as lines.
    private func content() throws -> [String: (columns: String, rows: [String])] {
        var content: [String: (String, [String])] = [:]
        for table in try fixture.lines(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'schema_migration'")
        {
            let columns = try fixture.lines("SELECT name FROM pragma_table_info('\(table)')").map { "\"\($0)\"" }
                .joined(separator: ", ")
            content[table] = (columns, try fixture.lines("SELECT \(columns) FROM \(table) ORDER BY 1, 2"))
        }
        return content
    }

    private func migrate() throws { try ScanStore(writing: fixture.path).close() }

    @Test(arguments: [1, 2, 3, 4]) func everyRowIsKept(version: Int) throws {
        try load(version)
        let before = try content()
        #expect(try StoreVersion(ofStoreAt: fixture.path).number == version)
        #expect(try StoreVersion(ofStoreAt: fixture.path).missing.count == Assets.migrations.count - version)
        try migrate()
        #expect(try StoreVersion(ofStoreAt: fixture.path).missing.isEmpty)
        for (table, old) in before where table != "finding_kind" && table != "repair_action" {
            #expect(!old.rows.isEmpty, "\(table)")
            let now = try fixture.lines("SELECT \(old.columns) FROM \(table) ORDER BY 1, 2")
            #expect(now.count >= old.rows.count && Set(old.rows).isSubset(of: now), "\(table)")
        }
        #expect(StoreCheck(ofStoreAt: fixture.path).faults.isEmpty)
    }

    @Test(arguments: [1, 2, 3, 4]) func viewsAndReportsAnswer(version: Int) throws {
        try load(version)
        let latest = "SELECT path, outcome, leaks, corruptions, checked_at FROM latest_check ORDER BY image_id"
        let before = try fixture.lines(latest)
        #expect(before.count >= 7)
        try migrate()
        #expect(try fixture.lines(latest) == before)
        for view in try fixture.lines("SELECT name FROM sqlite_schema WHERE type = 'view'") {
            _ = try fixture.lines("SELECT * FROM \(view)")
        }
        let answers = try Dictionary(
            uniqueKeysWithValues: Report.all.map { ($0.name, try fixture.lines($0)) })
        for name in ["damaged", "errors", "missing", "summary", "trend"] where name != "missing" || version != 4 {
            #expect(answers[name]?.isEmpty == false, "\(name)")
        }
        #expect(answers["repairs"]?.count == (version > 1 ? 3 : 0))
        #expect(answers["backing-tree"]?.count == (version > 2 ? 1 : 0))
    }

    @Test(arguments: [1, 2, 3, 4]) func scansGoOn(version: Int) throws {
        try load(version)
        try fixture.scan { $0.write("/pool/healed.qed", inode: 102, report: .corrupt(1)) }
        #expect(
            try fixture.lines(
                "SELECT change FROM scan_change WHERE path = '/pool/healed.qed' AND outcome_after = 'corrupt'")
                == ["newly-damaged"])
        let store = try ScanStore(writing: fixture.path)
        try Pruning(PruneRule(keepScans: 1, keepSince: nil), in: store).run()
        try store.close()
        #expect(try fixture.lines("PRAGMA foreign_key_check").isEmpty)
    }
}
