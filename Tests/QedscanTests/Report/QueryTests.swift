import Foundation
import TestSupport
import Testing

/// `query` only reads.
@Suite(.endsInTime) struct QueryTests {
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

    @Test(arguments: forbidden) func statementsThatDoNotOnlyReadAreRefused(_ sql: String) async throws {
        let before = try Data(contentsOf: URL(filePath: fixture.store))
        let files = try FileManager.default.contentsOfDirectory(atPath: fixture.directory.path).sorted()
        let sql = sql.replacingOccurrences(of: "%", with: fixture.directory.path)
        let result = try await fixture.run("query", "--", sql)
        #expect(result.status == 8)
        #expect(result.output == "")
        #expect(result.errors.hasPrefix("qedscan: "))
        #expect(try Data(contentsOf: URL(filePath: fixture.store)) == before)
        #expect(try FileManager.default.contentsOfDirectory(atPath: fixture.directory.path).sorted() == files)
    }

    @Test(arguments: ["PRAGMA writable_schema = ON", "PRAGMA journal_mode = WAL", "PRAGMA query_only = OFF"])
    func pragmasChangeNothing(_ sql: String) async throws {
        let before = try Data(contentsOf: URL(filePath: fixture.store))
        _ = try await fixture.run("query", sql)
        #expect(try Data(contentsOf: URL(filePath: fixture.store)) == before)
        #expect(!FileManager.default.fileExists(atPath: fixture.store + "-wal"))
    }

    @Test func aClosedPipeIsNoError() async throws {
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

    @Test func valuesAreBoundNotPasted() async throws {
        let sql = "SELECT :a AS a, typeof(:a) AS t, typeof(@b) AS u"
        let hostile = "x' OR 1; DROP TABLE image; --"
        let result = try await fixture.run(
            "query", "--format", "csv", "-p", "a=" + hostile, "--param", "b=-5", sql)
        #expect(result.output == "a,t,u\r\n\(hostile),text,integer\r\n")
        #expect(try await fixture.run("query", "-p", "a=", "-p", "b=007", sql).status == 0)
        #expect(try await fixture.number("SELECT count(*) FROM image") == 1)
    }

    @Test(arguments: [
        ["query", "SELECT :a"], ["query", "SELECT ?"], ["query", "-p", "b=1", "SELECT 1"],
        ["query", "-p", "a=1", "-p", "a=2", "SELECT :a"], ["query", "-p", "a", "SELECT :a"],
        ["query", "-p", "=1", "SELECT :a"], ["report", "-p", "limit=1"], ["report", "largest", "-p", "limit=x"],
        ["report", "largest", "-p", "limit=-1"], ["report", "largest", "-p", "limit=9223372036854775808"],
        ["report", "largest", "-p", "limit=1", "-p", "limit=1"], ["report", "largest", "-p", "days=1"],
        ["report", "summary", "-p", "days=1"],
    ]) func valuesThatDoNotFitAreUsageErrors(_ arguments: [String]) async throws {
        let result = try await fixture.run(arguments)
        #expect(result.status == 16)
        #expect(result.output == "")
        #expect(result.errors.contains("param"))
    }

    @Test func reportsListTheirParameters() async throws {
        let lines = try await fixture.run("report", "--format", "csv").output.split(separator: "\r\n")
        #expect(lines.contains("largest,Which images take up the most space on disk?,limit=20"))
        #expect(lines.contains { $0.hasPrefix("changes,") && $0.hasSuffix(",scan=latest") })
        #expect(try await fixture.run("report", "largest", "-p", "limit=0", "--format", "json").output == "[]\n")
    }
}
