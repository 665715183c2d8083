import Assets
import Glibc
import SQLite
import TestSupport
import Testing

@testable import Store

/// What only several processes can show. Each exit test's body runs in its own process.
@Suite(.timeLimit(.minutes(10))) struct SeveralProcessesTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    /// Enough migrations that processes meet in the middle.
    static let migrations =
        [MigratorTests.first]
        + (2...40).map { number in
            let digits = String(number)
            let name = String(repeating: "0", count: 4 - digits.count) + digits + "_create_table.sql"
            return Asset(name: name, text: "CREATE TABLE t\(number) (a); INSERT INTO thing (b) VALUES ('\(number)');")
        }

    @Test func processesThatMigrateAtOnceAllSucceed() async throws {
        let path = directory.file("test.db")
        await withTaskGroup { group in
            for _ in 0..<3 {
                group.addTask {
                    await #expect(processExitsWith: .success) { [path = path as String] in
                        let database = try Database(path: path, mode: .create, busyTimeout: .seconds(30))
                        _ = try Migrator(migrations: Self.migrations).migrate(database)
                    }
                }
            }
        }
        let database = try directory.open()
        try Migrator(migrations: Self.migrations).verify(database)
        #expect(try database.scalar("SELECT count(*) FROM thing") == .integer(39))
    }

    @Test func connectionsThatMigrateAtOnceApplyEachMigrationOnce() async throws {
        let path = directory.file("test.db")
        let applied = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    let database = try Database(path: path, mode: .create, busyTimeout: .seconds(30))
                    return try Migrator(migrations: Self.migrations).migrate(database).count
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(applied == Self.migrations.count)
    }

    @Test(arguments: ["delete", "wal"])
    func aKilledWriterLeavesTheLastCommit(journal: String) async throws {
        let path = directory.file("test.db")
        let database = try directory.open()
        let mode = try #require(JournalMode(rawValue: journal))
        #expect(try database.setJournalMode(mode) == mode)
        try database.execute("CREATE TABLE t (a); INSERT INTO t VALUES (1)")
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            let database = try Database(path: path, mode: .readWrite)
            try database.execute("PRAGMA cache_size = 1; BEGIN IMMEDIATE")
            // More than the cache holds, so that uncommitted pages reach the files.
            for _ in 0..<500 { try database.execute("INSERT INTO t VALUES (randomblob(4000))") }
            kill(getpid(), SIGKILL)
        }
        #expect(try database.scalar("SELECT count(*) FROM t") == .integer(1))
        #expect(try database.scalar("PRAGMA integrity_check") == .text("ok"))
    }
}
