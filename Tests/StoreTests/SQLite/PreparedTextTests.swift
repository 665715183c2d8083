import SQLite
import TestSupport
import Testing

@testable import Store

/// SQL texts as users write them: exactly one statement.
struct PreparedTextTests {
    private let directory: TemporaryDirectory
    private let database: Database

    init() throws {
        directory = try TemporaryDirectory()
        database = try directory.open()
    }

    @Test(arguments: [
        "SELECT 1", "SELECT 1;", " ;; SELECT 1 ; ;\n", "-- first\nSELECT 1; -- last", "/* a */ SELECT 1; /* b; */ -- c",
        "SELECT 1; /* not closed", "/* -- */ SELECT 1 /* ; SELECT 2 */", "SELECT 1\u{0C};\t\r\n",
    ])
    func blanksAndCommentsAroundOneStatementAreFine(sql: String) throws {
        #expect(try database.scalar(sql) == .integer(1))
    }

    @Test(arguments: ["SELECT 1; SELECT 2", "SELECT 1;;PRAGMA user_version = 9", "SELECT 1; nonsense", "SELECT 1; /"])
    func aSecondStatementIsRefusedUnlooked(sql: String) throws {
        #expect(try sqliteError { _ = try database.prepare(sql) }.description.contains("more than one statement"))
        #expect(try database.scalar("PRAGMA user_version") == .integer(0))
    }

    @Test(arguments: ["", " ", ";", "-- only\n", "/* only */", "/*"])
    func noStatementIsRefused(sql: String) throws {
        #expect(try sqliteError { _ = try database.prepare(sql) }.description.contains("holds no statement"))
    }

    @Test func nulInSQLIsRefused() throws {
        #expect(try sqliteError { _ = try database.prepare("SELECT 1\0; DROP TABLE t") }.message.contains("NUL"))
        #expect(try sqliteError { try database.execute("\0") }.message.contains("NUL"))
    }

    @Test func syntaxErrorsQuoteTheStatementOnOneLine() throws {
        let error = try sqliteError { _ = try database.prepare("-- why\nSELEC\n  1") }
        #expect(error.code == .error)
        #expect(error.description.hasSuffix("near \"SELEC\": syntax error (in: SELEC 1)"))
    }

    @Test func executeStopsAtTheFailingStatementAndNamesIt() throws {
        let error = try sqliteError {
            try database.execute("CREATE TABLE a (x); -- so far\nINSERT INTO b VALUES (1); CREATE TABLE c (x);")
        }
        #expect(error.sql == "INSERT INTO b VALUES (1); CREATE TABLE c (x);")
        #expect(try database.scalar("SELECT group_concat(name) FROM sqlite_schema") == .text("a"))
    }

    @Test func executeRunsTriggersWhole() throws {
        try database.execute(
            """
            CREATE TABLE t (a);
            CREATE TRIGGER twice AFTER INSERT ON t WHEN new.a = 1 BEGIN
                INSERT INTO t VALUES (2); -- END;
                INSERT INTO t VALUES (';');
            END;
            INSERT INTO t VALUES (1);
            """)
        #expect(try database.scalar("SELECT count(*) FROM t") == .integer(3))
    }

    @Test func doubleQuotedWordsAreNeverText() throws {
        #expect(throws: SQLiteError.self) { try database.scalar("SELECT \"no such column\"") }
    }
}
