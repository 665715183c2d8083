import Glibc
import SQLite
import TestSupport
import Testing

@testable import Store

struct DatabaseTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    @Test func createdFilesAreForTheOwnerOnly() throws {
        let database = try directory.open("new.db")
        #expect(try database.setJournalMode(.wal) == .wal)
        try database.execute("CREATE TABLE t (a)")
        for suffix in ["", "-wal", "-shm"] {
            #expect(try mode(of: directory.file("new.db" + suffix)) == 0o600)
        }
    }

    @Test func existingFilesKeepTheirModeAndContent() throws {
        try directory.open().execute("CREATE TABLE t (a)")
        #expect(chmod(directory.file("test.db"), 0o640) == 0)
        #expect(try directory.open().scalar("SELECT count(*) FROM t") == .integer(0))
        #expect(try mode(of: directory.file("test.db")) == 0o640)
    }

    @Test func connectionsAreHardened() throws {
        let database = try directory.open()
        #expect(try database.scalar("PRAGMA foreign_keys") == .integer(1))
        #expect(try database.scalar("PRAGMA trusted_schema") == .integer(0))
        #expect(try database.scalar("PRAGMA cell_size_check") == .integer(1))
        try database.execute("CREATE TABLE t (a); PRAGMA writable_schema = ON")
        #expect(throws: SQLiteError.self) { try database.execute("DELETE FROM sqlite_schema") }
    }

    @Test func pathsAreFilesWhateverTheirName() throws {
        let directoryName = try #require(directory.path.split(separator: "/").last)
        for name in [":memory:", "file:x?mode=memory"] {
            _ = try Database(path: "\(directory.path)/../\(directoryName)/\(name)", mode: .create)
            #expect(access(directory.file(name), F_OK) == 0)
        }
    }

    @Test func settingsSayWhatIsInForce() throws {
        let database = try directory.open()
        #expect(try database.journalMode() == .delete)
        #expect(try database.setJournalMode(.wal) == .wal)
        #expect(try database.setJournalMode(.off) == .wal)
        #expect(try database.setJournalMode(.delete) == .delete)
        for level in Synchronous.allCases {
            try database.setSynchronous(level)
            #expect(try database.synchronous() == level)
        }
    }

    @Test func walStaysWhileAnotherConnectionIsOpen() throws {
        let writer = try directory.open()
        #expect(try writer.setJournalMode(.wal) == .wal)
        try writer.execute("CREATE TABLE t (a)")
        let reader = try directory.open("test.db", .readOnly)
        #expect(try reader.scalar("SELECT count(*) FROM t") == .integer(0))
        #expect(try writer.setJournalMode(.delete) == .wal)
        try reader.close()
        #expect(try writer.setJournalMode(.delete) == .delete)
    }

    @Test func readOnlyConnectionsCannotWrite() throws {
        try directory.open().execute("CREATE TABLE t (a)")
        let error = try sqliteError { try directory.open("test.db", .readOnly).execute("DELETE FROM t") }
        #expect(error.code.primary == .readOnly)
    }

    @Test(arguments: [
        "INSERT INTO t VALUES (2)", "CREATE TABLE u (a)", "CREATE TEMP TABLE u (a)", "ATTACH ':memory:' AS other",
        "VACUUM INTO '%/copy.db'", "DROP TABLE t", "PRAGMA user_version = 5", "VACUUM",
        "ATTACH '%/copy.db' AS other",
    ])
    func queryConnectionsReachNothingElse(sql: String) throws {
        try directory.open().execute("CREATE TABLE t (a); INSERT INTO t VALUES (1)")
        let database = try directory.open("test.db", .readOnly)
        try database.restrictToQueries()
        let error = try sqliteError { try database.execute(sql.replacing("%", with: directory.path)) }
        #expect([.readOnly, .error].contains(error.code.primary))
        #expect(access(directory.file("copy.db"), F_OK) != 0)
        #expect(try database.scalar("SELECT a FROM t") == .integer(1))
    }

    @Test func connectionsWithStatementsAliveStayOpen() throws {
        let database = try directory.open()
        let statement = try database.prepare("SELECT 1")
        #expect(try sqliteError { try database.close() }.code == .misuse)
        #expect(try statement.step())
    }

    @Test func useAfterCloseIsAnError() throws {
        let database = try directory.open()
        try database.close()
        try database.close()
        #expect(try sqliteError { try database.execute("SELECT 1") }.code == .misuse)
        #expect(database.changes == 0)
        #expect(!database.isInTransaction)
    }
}
