import Assets
import SQLite
import TestSupport
import Testing

@testable import Store

struct MigratorTests {
    private let directory: TemporaryDirectory

    static let first = Asset(
        name: "0001_create_thing.sql", text: "-- things\nCREATE TABLE thing (a INTEGER PRIMARY KEY, b TEXT) STRICT;\n")
    static let second = Asset(name: "0002_add_colour.sql", text: "ALTER TABLE thing ADD COLUMN colour TEXT;")

    init() throws {
        directory = try TemporaryDirectory()
    }

    /// Applies the migrations to the test's database and leaves it open.
    @discardableResult
    private func migrated(_ assets: Asset..., name: String = "test.db") throws -> Database {
        let database = try directory.open(name)
        _ = try Migrator(migrations: assets).migrate(database)
        return database
    }

    // MARK: - What works

    @Test func anEmptyFileBecomesAStore() throws {
        let database = try directory.open()
        let migrator = try Migrator(migrations: [Self.second, Self.first])
        #expect(try migrator.migrate(database).map(\.name) == ["0001_create_thing", "0002_add_colour"])
        #expect(try migrator.migrate(database).isEmpty)
        #expect(try database.scalar("PRAGMA application_id") == .integer(0x5145_4453))
        try migrator.verify(database)
        try database.execute("INSERT INTO thing (b, colour) VALUES ('x', 'red')")
        let history = try migrator.history(of: database)
        #expect(history.map(\.sql) == [Self.first.text, Self.second.text])
        #expect(history[0].appliedAt.wholeMatch(of: /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}/) != nil)
    }

    @Test func anOlderStoreGetsOnlyWhatItLacks() throws {
        let database = try migrated(Self.first)
        try database.execute("INSERT INTO thing (b) VALUES ('kept')")
        let migrator = try Migrator(migrations: [Self.first, Self.second])
        #expect(try migrator.migrate(database).map(\.version) == [2])
        #expect(try database.scalar("SELECT b FROM thing WHERE colour IS NULL") == .text("kept"))
    }

    @Test func triggersMayHaveBeginAndEnd() throws {
        let trigger = Asset(
            name: "0002_add_trigger.sql",
            text: "/* BEGIN */ CREATE TRIGGER t AFTER INSERT ON thing BEGIN SELECT 1; END; -- COMMIT;\n")
        try migrated(Self.first, trigger)
    }

    @Test func aStoreUpToDateIsMigratedWithoutAWriteLock() throws {
        let database = try migrated(Self.first)
        let other = try directory.open()
        try database.transaction(.immediate) { () throws(SQLiteError) in
            #expect(throws: Never.self) { try Migrator(migrations: [Self.first]).migrate(other) }
        }
    }

    // MARK: - Ways to disagree

    @Test func anotherProgramsDatabaseIsRefusedAndUntouched() throws {
        let table = "CREATE TABLE t (a);"
        let mark = "PRAGMA application_id = 7;"
        let foreign = [table, mark, table + mark]
        for (index, sql) in foreign.enumerated() {
            let database = try directory.open("foreign\(index).db")
            try database.execute(sql)
            let migrator = try Migrator(migrations: [Self.first])
            #expect(throws: MigrationError.notAStore(path: database.path)) { try migrator.migrate(database) }
            #expect(throws: MigrationError.notAStore(path: database.path)) { try migrator.verify(database) }
            #expect(try database.scalar("SELECT count(*) FROM sqlite_schema WHERE name <> 't'") == .integer(0))
        }
    }

    @Test func aFileThatIsNoDatabaseIsRefused() throws {
        _ = try directory.write(String(repeating: "text ", count: 1000).utf8, to: "text.db")
        let error = try migrationError { try migrated(Self.first, name: "text.db") }
        #expect(error.description == "\(directory.file("text.db")) is not a SQLite database")
    }

    @Test func aNewerStoreIsRefusedNamingBothVersions() throws {
        let database = try migrated(Self.first, Self.second)
        let old = try Migrator(migrations: [Self.first])
        let error = MigrationError.storeIsNewer(path: database.path, storeVersion: 2, programVersion: 1)
        #expect(throws: error) { try old.migrate(database) }
        #expect(throws: error) { try old.verify(database) }
        #expect(error.description.contains("store version 2, newer than this program, which knows up to version 1"))
    }

    @Test func anEditedOrRenamedMigrationIsRefused() throws {
        let database = try migrated(Self.first)
        let edited = Asset(name: Self.first.name, text: Self.first.text + " ")
        let renamed = Asset(name: "0001_make_thing.sql", text: Self.first.text)
        for asset in [edited, renamed] {
            let migrator = try Migrator(migrations: [asset, Self.second])
            let error = try migrationError { _ = try migrator.migrate(database) }
            guard case .edited(_, let applied, let inProgram) = error else {
                Issue.record("\(error)")
                continue
            }
            #expect(applied.name == "0001_create_thing")
            #expect(inProgram == migrator.migrations[0])
            #expect(throws: error) { try migrator.verify(database) }
        }
    }

    @Test(arguments: [("version = 1", 1), ("version = 2", 2), ("true", 1)])
    func aGapInTheHistoryIsRefused(deleted: String, missing: Int) throws {
        let third = Asset(name: "0003_add_size.sql", text: "ALTER TABLE thing ADD COLUMN size INTEGER;")
        let database = try migrated(Self.first, Self.second, third)
        try database.execute("DELETE FROM schema_migration WHERE \(deleted)")
        #expect(throws: MigrationError.historyHasGap(path: database.path, missing: missing)) {
            try Migrator(migrations: [Self.first, Self.second, third]).migrate(database)
        }
    }

    @Test func aMissingHistoryTableIsAGap() throws {
        let database = try migrated(Self.first)
        try database.execute("DROP TABLE schema_migration")
        #expect(throws: MigrationError.historyHasGap(path: database.path, missing: 1)) {
            try Migrator(migrations: [Self.first]).migrate(database)
        }
    }

    @Test func readersAreToldToMigrate() throws {
        let database = try directory.open()
        let migrator = try Migrator(migrations: [Self.first, Self.second])
        let empty = try migrationError { try migrator.verify(database) }
        #expect(empty == .needsMigration(path: database.path, storeVersion: 0, programVersion: 2))
        _ = try Migrator(migrations: [Self.first]).migrate(database)
        let reader = try directory.open("test.db", .readOnly)
        let old = try migrationError { try migrator.verify(reader) }
        #expect(old == .needsMigration(path: database.path, storeVersion: 1, programVersion: 2))
        for error in [empty, old] { #expect(error.description.contains("a scan")) }
    }

    @Test func aFailedMigrationIsRolledBackWhole() throws {
        let database = try migrated(Self.first)
        let bad = Asset(
            name: "0002_break_things.sql",
            text: "CREATE TABLE extra (a);\nINSERT INTO thing VALUES ('not a number', 1);")
        let migrator = try Migrator(migrations: [Self.first, bad])
        let error = try migrationError { _ = try migrator.migrate(database) }
        guard case .failed(let migration, let cause) = error else { throw error }
        #expect(migration.name == "0002_break_things")
        #expect(cause.sql == "INSERT INTO thing VALUES ('not a number', 1);")
        #expect(error.description.contains("migration 0002_break_things failed and was rolled back"))
        #expect(try database.scalar("SELECT count(*) FROM sqlite_schema WHERE name = 'extra'") == .integer(0))
        try Migrator(migrations: [Self.first]).verify(database)
    }

    @Test func aFailedFirstMigrationLeavesAnEmptyFile() throws {
        let database = try directory.open()
        let bad = Asset(name: "0001_break_things.sql", text: "CREATE TABLE a (x); nonsense")
        #expect(throws: MigrationError.self) { try Migrator(migrations: [bad]).migrate(database) }
        #expect(try database.scalar("PRAGMA application_id") == .integer(0))
        #expect(try database.scalar("SELECT count(*) FROM sqlite_schema") == .integer(0))
    }

    @Test(arguments: [
        "COMMIT", "begin immediate", "END", "ROLLBACK", "SAVEPOINT s", "ATTACH ':memory:' AS m", "VACUUM",
    ])
    func transactionStatementsAreRefused(statement: String) throws {
        let database = try directory.open()
        let text = "CREATE TABLE a (x); /* now */ \(statement); CREATE TABLE b (x);"
        let bad = Asset(name: "0001_end_early.sql", text: text)
        let error = try migrationError { _ = try Migrator(migrations: [bad]).migrate(database) }
        guard case .forbiddenStatement(let migration, let keyword) = error else { throw error }
        #expect(migration.name == "0001_end_early")
        #expect(statement.uppercased().hasPrefix(keyword))
        #expect(try database.scalar("SELECT count(*) FROM sqlite_schema") == .integer(0))
    }

    // MARK: - The program's own mistakes

    @Test(arguments: [
        "1_create_thing.sql", "00001_create_thing.sql", "0000_create_thing.sql", "0001_thing.sql",
        "0001_Create_thing.sql", "0001_create__thing.sql", "0001_create_thing.txt", "0001_create_thing_.sql",
        "+001_create_thing.sql", ".sql", "",
    ])
    func namesOfAnotherFormAreErrors(name: String) {
        #expect(throws: MigrationError.invalidName(name)) {
            try Migrator(migrations: [Asset(name: name, text: "")])
        }
    }

    @Test func numbersMustBeUniqueAndWithoutGap() {
        let fork = Asset(name: "0001_make_other.sql", text: "")
        #expect(throws: MigrationError.numbering(expected: 1, found: "0002_add_colour")) {
            try Migrator(migrations: [Self.second])
        }
        #expect(throws: MigrationError.numbering(expected: 2, found: "0001_make_other")) {
            try Migrator(migrations: [Self.first, fork])
        }
    }
}
