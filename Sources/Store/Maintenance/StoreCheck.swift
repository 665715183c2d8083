import Assets
import Files
import Glibc
import SQLite

/// Verifies a store's database: that SQLite finds no damage, that tables and views are those that the migrations
/// create, and that the figures agree with each other.
///
/// It writes no rows. But if a crash left a hot journal beside the store, SQLite rolls the interrupted transaction back
/// before the first read, as any command that may write the store would.
///
/// A damaged file gives faults, not an error: whatever can still be read is verified.
package struct StoreCheck {
    /// The largest number of faults of one kind.
    private static let limit = 100

    /// The faults, one printable sentence each; empty for a sound store.
    package private(set) var faults: [String] = []

    /// Whether the rows were tested against the `CHECK`s of their tables: SQLite does so only in a file that it may
    /// write.
    package private(set) var seesConstraints = false

    /// Verifies the store at a path through a separate connection.
    package init(ofStoreAt path: String) {
        do throws(SQLiteError) {
            let database = try Self.connect(to: path)
            seesConstraints = database.mode == .readWrite
            run(database)
        } catch {
            add(error.description)
        }
    }

    /// A connection that could write, but is restricted to queries; if that is refused, a read-only one.
    private static func connect(to path: String) throws(SQLiteError) -> Database {
        let database: Database
        do throws(SQLiteError) {
            database = try Database(path: path, mode: .readWrite)
        } catch {
            return try Database(path: path, mode: .readOnly)
        }
        try database.setCheckpointsOnClose(false)
        try database.restrictToQueries()
        return database
    }

    /// Runs in one transaction, if the file allows it, since a scan may be writing.
    private mutating func run(_ database: Database) {
        checkHistory(of: database)
        attempt(on: database) { database throws(SQLiteError) in
            try database.execute("BEGIN")
            return []
        }
        attempt(on: database, StoreCheck.length)
        attempt(on: database, StoreCheck.integrity)
        attempt(on: database, StoreCheck.foreignKeys)
        attempt(on: database, StoreCheck.schema)
        guard faults.isEmpty else { return }
        for rule in StoreRule.all {
            attempt(on: database) { database throws(SQLiteError) in try StoreCheck.breaches(of: rule, in: database) }
        }
    }

    private mutating func checkHistory(of database: Database) {
        do throws(MigrationError) {
            try Migrator(migrations: Assets.migrations).verify(database)
        } catch {
            add(error.description)
        }
    }

    /// Runs one part; an error of SQLite's is a fault, too.
    private mutating func attempt(
        on database: Database, _ part: (Database) throws(SQLiteError) -> [String]
    ) {
        do throws(SQLiteError) {
            for fault in try part(database) { add(fault.escapingControlCharacters) }
        } catch {
            add(error.description)
        }
    }

    /// Adds a fault once: a damaged file gives the same one again and again.
    private mutating func add(_ fault: String) {
        if !faults.contains(fault) { faults.append(fault) }
    }

    /// Finds a truncated file: SQLite reads the missing part of the last page as zeros.
    private static func length(of database: Database) throws(SQLiteError) -> [String] {
        var status = stat()
        guard stat(database.path, &status) == 0 else { return [] }
        let pageSize = Int64(sqliteValue: try database.scalar("PRAGMA page_size")) ?? 0
        guard pageSize > 0, Int64(status.st_size) % pageSize != 0 else { return [] }
        return ["integrity: the file ends within a page: it was truncated"]
    }

    private static func integrity(of database: Database) throws(SQLiteError) -> [String] {
        let statement = try database.prepare("PRAGMA integrity_check(\(limit))")
        var faults: [String] = []
        while try statement.step() {
            let line: String = try statement.column(0)
            // Some lines hold several.
            if line != "ok" { faults += line.split(separator: "\n").map { "integrity: \($0)" } }
        }
        return faults
    }

    private static func foreignKeys(of database: Database) throws(SQLiteError) -> [String] {
        let statement = try database.prepare(
            #"SELECT "table", rowid, parent, count(*) FROM pragma_foreign_key_check GROUP BY 1, 3 LIMIT \#(limit)"#)
        var faults: [String] = []
        while try statement.step() {
            let (table, parent): (String, String) = (try statement.column(0), try statement.column(2))
            let count: Int = try statement.column(3)
            let row = try statement.column(1, as: Int64?.self).map { ", the first is row \($0)" } ?? ""
            faults.append("foreign keys: \(count) of table \(table) refer to no row of \(parent)\(row)")
        }
        return faults
    }

    /// Compares the schema with that of a new store with the same number of migrations.
    private static func schema(of database: Database) throws(SQLiteError) -> [String] {
        let count = Int(sqliteValue: try database.scalar("SELECT count(*) FROM schema_migration")) ?? 0
        let fresh = try Database(inMemory: ())
        do throws(MigrationError) {
            _ = try Migrator(migrations: Array(Assets.migrations.sorted { $0.name < $1.name }.prefix(count)))
                .migrate(fresh)
        } catch {
            return [error.description]
        }
        let (found, expected) = (try objects(of: database), try objects(of: fresh))
        return expected.keys.filter { found[$0] == nil }.sorted().map { "schema: \($0) is missing" }
            + found.keys.filter { expected[$0] == nil }.sorted().map { "schema: \($0) is not one of qedscan's" }
            + found.keys.filter { expected[$0] != nil && expected[$0] != found[$0] }.sorted()
            .map { "schema: \($0) is not as the migrations make it" }
    }

    /// The text of each table, index, view and trigger, by its type and name.
    private static func objects(of database: Database) throws(SQLiteError) -> [String: String] {
        let statement = try database.prepare(
            "SELECT type || ' ' || name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite!_%' ESCAPE '!'")
        var objects: [String: String] = [:]
        while try statement.step() {
            objects[try statement.column(0)] = try statement.column(1, as: String?.self) ?? ""
        }
        return objects
    }

    private static func breaches(of rule: StoreRule, in database: Database) throws(SQLiteError) -> [String] {
        let statement = try database.prepare(rule.sql + " LIMIT \(limit)")
        var faults: [String] = []
        while try statement.step() {
            let id: Int64 = try statement.column(0)
            faults.append("\(rule.subject) \(id): \(rule.claim)")
        }
        return faults
    }
}
