import CSQLite
import Dispatch
import Glibc
import SQLite
import TestSupport
import Testing

@testable import Store

/// Signalled whenever a connection waits for a lock.
private let waits = DispatchSemaphore(value: 0)

struct TransactionTests {
    private struct Refusal: Error, Equatable, SQLiteErrorConvertible {
        var sqlite: SQLiteError?
        init() {}
        init(_ error: SQLiteError) { sqlite = error }
    }

    private let directory: TemporaryDirectory
    private let database: Database

    init() throws {
        directory = try TemporaryDirectory()
        database = try directory.open()
        try database.execute("CREATE TABLE t (a UNIQUE)")
    }

    private var rows: SQLiteValue {
        get throws { try database.scalar("SELECT count(*) FROM t") }
    }

    @Test func aBodyThatReturnsIsCommitted() throws {
        let result = try database.transaction(.immediate) { () throws(SQLiteError) in
            try database.execute("INSERT INTO t VALUES (1)")
            #expect(database.isInTransaction)
            return 5
        }
        #expect(result == 5)
        #expect(!database.isInTransaction)
        #expect(try rows == .integer(1))
    }

    @Test func aBodyThatThrowsIsRolledBack() throws {
        #expect(throws: Refusal()) {
            try database.transaction(.immediate) { () throws(Refusal) in
                do throws(SQLiteError) {
                    try database.execute("INSERT INTO t VALUES (1)")
                } catch {
                    throw Refusal(error)
                }
                throw Refusal()
            }
        }
        #expect(!database.isInTransaction)
        #expect(try rows == .integer(0))
    }

    @Test func theFirstErrorIsKeptWhenSQLiteHasRolledBackItself() throws {
        let error = try sqliteError {
            try database.transaction(.immediate) { () throws(SQLiteError) in
                try database.execute("INSERT INTO t VALUES (1)")
                try database.execute("INSERT OR ROLLBACK INTO t VALUES (1)")
            }
        }
        #expect(error.code == .constraintUnique)
        #expect(!database.isInTransaction)
        #expect(try rows == .integer(0))
    }

    @Test func aFailedCommitIsRolledBack() throws {
        try database.execute(
            """
            CREATE TABLE parent (a UNIQUE);
            CREATE TABLE child (a REFERENCES parent (a) DEFERRABLE INITIALLY DEFERRED);
            """)
        let error = try sqliteError {
            try database.transaction(.immediate) { () throws(SQLiteError) in
                try database.execute("INSERT INTO child VALUES (1)")
            }
        }
        #expect(error.code == .constraintForeignKey)
        #expect(!database.isInTransaction)
        #expect(try database.scalar("SELECT count(*) FROM child") == .integer(0))
    }

    @Test func anInnerTransactionFailsAndLeavesTheOuter() throws {
        try database.transaction(.immediate) { () throws(SQLiteError) in
            try database.execute("INSERT INTO t VALUES (1)")
            #expect(throws: SQLiteError.self) {
                try database.transaction(.immediate) { () throws(SQLiteError) in }
            }
            #expect(database.isInTransaction)
        }
        #expect(try rows == .integer(1))
    }

    @Test func aLockedDatabaseIsBusyAfterTheTimeout() throws {
        let other = try directory.open("test.db", .readWrite, busyTimeout: .milliseconds(150))
        try database.transaction(.immediate) { () throws(SQLiteError) in
            let clock = ContinuousClock()
            let start = clock.now
            #expect {
                try other.execute("INSERT INTO t VALUES (2)")
            } throws: { error in
                (error as? SQLiteError)?.description.hasSuffix("is locked by another process") == true
            }
            #expect(clock.now - start >= .milliseconds(100))
        }
    }

    @Test func aWaitingConnectionGoesOnWhenTheLockIsGone() async throws {
        // In its own process, whose SQLite tells when it sleeps: it does so only while it waits for a lock.
        await #expect(processExitsWith: .success) {
            let directory = try TemporaryDirectory()
            let database = try directory.open()
            try database.execute("CREATE TABLE t (a); BEGIN IMMEDIATE; INSERT INTO t VALUES (1)")
            sqlite3_vfs_find(nil).pointee.xSleep = { _, microseconds in
                waits.signal()
                usleep(UInt32(microseconds))
                return microseconds
            }
            let path = database.path
            let waiter = InBackground {
                let other = try Database(path: path, mode: .readWrite, busyTimeout: .seconds(300))
                try other.execute("INSERT INTO t VALUES (2)")
            }
            waits.wait()
            try database.execute("COMMIT")
            try waiter.wait()
            #expect(try database.scalar("SELECT count(*) FROM t") == .integer(2))
        }
    }
}
