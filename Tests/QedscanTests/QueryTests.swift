import Foundation
import TestSupport
import Testing

/// `query` only reads.
@Suite(.timeLimit(.minutes(5))) struct QueryTests {
    private let fixture: ScanFixture

    init() async throws {
        fixture = try ScanFixture()
        try fixture.addImage()
        _ = try await fixture.run("scan", fixture.pool)
    }

    private static let forbidden = [
        "INSERT INTO scan (uuid) VALUES ('x')", "DELETE FROM image", "UPDATE image SET path = 'x'",
        "DROP VIEW latest_check",
        "CREATE TABLE t (a)", "CREATE TEMP TABLE t (a)", "ATTACH ':memory:' AS other", "ATTACH '%/new.db' AS other",
        "VACUUM", "VACUUM INTO '%/copy.db'", "REINDEX", "ANALYZE", "PRAGMA user_version = 7",
        "PRAGMA application_id = 7",
        "SELECT 1; SELECT 2", "SELECT 1; DELETE FROM image", "SELECT load_extension('x')", "SELECT writefile('%/x', 1)",
        "", "-- nothing", "SELECT", "SELECT no_such_column FROM image", "WITH x AS (SELECT 1) DELETE FROM image",
        "INSERT INTO image SELECT * FROM image RETURNING id",
    ]

    @Test(arguments: forbidden) func whatIsNoQuestionIsRefused(_ sql: String) async throws {
        let before = try Data(contentsOf: URL(filePath: fixture.store))
        let files = try FileManager.default.contentsOfDirectory(atPath: fixture.folder.path).sorted()
        let sql = sql.replacingOccurrences(of: "%", with: fixture.folder.path)
        let result = try await fixture.run("query", "--", sql)
        #expect(result.status == 8)
        #expect(result.output == "")
        #expect(result.errors.hasPrefix("qedscan: "))
        #expect(try Data(contentsOf: URL(filePath: fixture.store)) == before)
        #expect(try FileManager.default.contentsOfDirectory(atPath: fixture.folder.path).sorted() == files)
    }

    @Test(arguments: ["PRAGMA writable_schema = ON", "PRAGMA journal_mode = WAL", "PRAGMA query_only = OFF"])
    func pragmasChangeNothing(_ sql: String) async throws {
        let before = try Data(contentsOf: URL(filePath: fixture.store))
        _ = try await fixture.run("query", sql)
        #expect(try Data(contentsOf: URL(filePath: fixture.store)) == before)
        #expect(!FileManager.default.fileExists(atPath: fixture.store + "-wal"))
    }

    @Test func aReaderThatWentAwayIsNoError() async throws {
        let bash = try #require(Tool("bash"))
        let sql = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 50000) SELECT i FROM n"
        for format in ["csv", "jsonl", "table"] {
            let result = try await bash.run(
                [
                    "-c", "\"$1\" query --format \"$3\" \"$2\" | head -1; exit ${PIPESTATUS[0]}", "bash",
                    fixture.tool.path, sql, format,
                ],
                environment: fixture.environment)
            #expect(result.status == 0)
            #expect(result.errors == "")
            #expect(result.output.split(whereSeparator: \.isNewline).count == 1)
        }
    }

    @Test func aFullDiskUnderTheOutputIsAnError() async throws {
        let bash = try #require(Tool("bash"))
        let result = try await bash.run(
            ["-c", "\"$1\" query 'SELECT 1' > /dev/full", "bash", fixture.tool.path], environment: fixture.environment)
        #expect(result.status == 8)
        #expect(result.errors.contains("standard output"))
    }
}
