import Assets
import Glibc
import QED
import Repair
import SQLite

/// The store of results: an SQLite database whose tables and views people query.
///
/// Belongs to one thread at a time, like its `database`.
package final class ScanStore {
    package let database: Database

    /// How long a writer waits for readers. Outside WAL mode, someone who pages through a long answer holds it up.
    private static let patience = Duration.seconds(60)
    /// Bytes that a writer keeps in memory. New rows go anywhere into the indexes, and their pages should not be read
    /// again for each row.
    private static let cacheSize = 16 << 20

    /// Throws if there is a file that is not a store, before anything is created beside it.
    package static func refuseOtherFiles(at path: String) throws(StoreError) {
        guard access(path, F_OK) == 0 else { return }
        do throws(StoreError) {
            try refuseOtherFile(at: path, mode: .readOnly)
        } catch {
            // After a crash while the journal mode changed, the file can be read only after a writer has recovered it.
            guard case .database(let reason) = error, reason.code == .readOnlyRollback else { throw error }
            try refuseOtherFile(at: path, mode: .readWrite)
        }
    }

    private static func refuseOtherFile(at path: String, mode: Database.Mode) throws(StoreError) {
        let database = try StoreError.wrap { () throws(SQLiteError) in try Database(path: path, mode: mode) }
        _ = try StoreError.wrapMigration { () throws(MigrationError) in
            try Migrator(migrations: Assets.migrations).history(of: database)
        }
    }

    /// Opens a store to write; creates and migrates it if necessary.
    ///
    /// It is in WAL mode, so that readers are not held up and a crash keeps all that was committed. `close` leaves WAL
    /// mode.
    package init(writing path: String) throws(StoreError) {
        database = try StoreError.wrap { () throws(SQLiteError) in
            try Database(path: path, mode: .create, busyTimeout: ScanStore.patience)
        }
        _ = try StoreError.wrapMigration { [database] () throws(MigrationError) in
            // The migrator reads before it changes anything: another program's database stays as it is.
            try Migrator(migrations: Assets.migrations).migrate(database)
        }
        try StoreError.wrap { [database] () throws(SQLiteError) in
            // WAL mode is not available while somebody reads, or on some file systems. Then every commit has to reach
            // the disk.
            let mode = try database.setJournalMode(.wal)
            try database.setSynchronous(mode == .wal ? .normal : .extra)
            try database.setCacheSize(bytes: ScanStore.cacheSize)
            try ScanStore.updateFindingKinds(in: database)
            try ScanStore.updateRepairActions(in: database)
        }
    }

    /// The store of an open connection; it has this program's version.
    init(sharing database: Database) { self.database = database }

    /// Opens a store to write, calls a function with it, and closes it, whether or not the function succeeds.
    package static func use<Result>(
        path: String, _ body: (ScanStore) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        let store = try ScanStore(writing: path)
        let result: Result
        do throws(StoreError) {
            result = try body(store)
        } catch {
            do throws(StoreError) {
                try store.close()
            } catch {
                // The first error is the one to report.
            }
            throw error
        }
        try store.close()
        return result
    }

    /// Opens a store to read.
    package init(reading path: String) throws(StoreError) {
        database = try StoreError.wrap { () throws(SQLiteError) in try Database(path: path, mode: .readOnly) }
        try StoreError.wrapMigration { [database] () throws(MigrationError) in
            try Migrator(migrations: Assets.migrations).verify(database)
        }
    }

    /// Closes the store. Leaves WAL mode if nobody else has the store open, so that users who may only read it can do
    /// so.
    package func close() throws(StoreError) {
        try StoreError.wrap { [database] () throws(SQLiteError) in
            if database.mode != .readOnly { _ = try database.setJournalMode(.delete) }
            try database.close()
        }
    }

    /// Brings the table of finding kinds up to date.
    private static func updateFindingKinds(in database: Database) throws(SQLiteError) {
        try database.transaction(.immediate) { () throws(SQLiteError) in
            let statement = try database.prepare(
                """
                INSERT INTO finding_kind (slug, pass, severity, message, repair) VALUES (?, ?, ?, ?, ?)
                ON CONFLICT (slug) DO UPDATE SET
                    pass = excluded.pass, severity = excluded.severity, message = excluded.message,
                    repair = excluded.repair
                WHERE (pass, severity, message, repair)
                    IS NOT (excluded.pass, excluded.severity, excluded.message, excluded.repair)
                """)
            for kind in FindingKind.allCases {
                let traits = kind.traits
                try statement.run(
                    kind.rawValue, traits.pass.rawValue, traits.severity.rawValue, traits.message, traits.repair)
            }
        }
    }

    /// Brings the table of repair actions up to date.
    private static func updateRepairActions(in database: Database) throws(SQLiteError) {
        try database.transaction(.immediate) { () throws(SQLiteError) in
            let statement = try database.prepare(
                """
                INSERT INTO repair_action (name, summary, loss, is_default) VALUES (?, ?, ?, ?)
                ON CONFLICT (name) DO UPDATE SET
                    summary = excluded.summary, loss = excluded.loss, is_default = excluded.is_default
                WHERE (summary, loss, is_default) IS NOT (excluded.summary, excluded.loss, excluded.is_default)
                """)
            for action in RepairAction.allCases {
                try statement.run(action.rawValue, action.summary, action.loss.rawValue, action.isDefault)
            }
        }
    }
}

/// The settings with which a commit is on disk when it returns: WAL with FULL, or DELETE with EXTRA.
///
/// Without WAL, FULL is not enough: the directory is not synced after the rollback journal is deleted, so that a power
/// cut may bring the journal back, and with it the state before the last commit.
extension ScanStore {
    /// Makes every commit from now on durable.
    ///
    /// - Throws: `StoreError.notDurable` if the settings in force afterwards are not what was asked for.
    package func makeDurable() throws(StoreError) {
        try StoreError.wrap { [database] () throws(SQLiteError) in
            if try database.setJournalMode(.wal) == .wal {
                try database.setSynchronous(.full)
            } else {
                _ = try database.setJournalMode(.delete)
                try database.setSynchronous(.extra)
            }
        }
        try confirmDurable()
    }

    /// Reads the settings in force.
    ///
    /// - Throws: `StoreError.notDurable` if a commit may be lost with them.
    func confirmDurable() throws(StoreError) {
        let (mode, level) = try StoreError.wrap { [database] () throws(SQLiteError) in
            (try database.journalMode(), try database.synchronous())
        }
        guard ScanStore.isDurable(mode, level) else {
            throw .notDurable(path: database.path, mode: mode, level: level)
        }
    }

    static func isDurable(_ mode: JournalMode, _ level: Synchronous) -> Bool {
        switch (mode, level) {
        case (.wal, .full), (.wal, .extra), (.delete, .extra): true
        default: false
        }
    }
}

/// The version of a store, and the migrations that it lacks.
package struct StoreVersion: Sendable {
    /// The number of its last migration; 0 for an empty file.
    package let number: Int
    /// The names of the missing migrations, in order.
    package let missing: [String]

    /// Reads the version; changes nothing.
    ///
    /// - Throws: `StoreError.migration` for a file that is no store, is newer, or has another history.
    package init(ofStoreAt path: String) throws(StoreError) {
        let database = try StoreError.wrap { () throws(SQLiteError) in try Database(path: path, mode: .readOnly) }
        (number, missing) = try StoreError.wrapMigration { () throws(MigrationError) in
            let migrator = try Migrator(migrations: Assets.migrations)
            do throws(MigrationError) {
                try migrator.verify(database)
                return (migrator.version, [])
            } catch {
                guard case .needsMigration(_, let version, _) = error else { throw error }
                return (version, migrator.migrations.dropFirst(version).map(\.name))
            }
        }
    }
}

extension Migrator {
    /// 'QEDS', the mark of a store.
    package static let storeID: Int32 = 0x5145_4453

    /// The migrator of stores.
    package init(migrations files: [Asset]) throws(MigrationError) {
        var migrations: [Migration] = []
        for file in files { migrations.append(try Migration(file: file.name, text: file.text)) }
        try self.init(applicationID: Migrator.storeID, migrations: migrations)
    }
}

extension ScanStore {
    /// Asks a question and makes a value of each row.
    func rows<Row>(
        _ sql: String, _ values: (any SQLiteBindable)?..., as make: (Statement) throws(SQLiteError) -> Row
    ) throws(StoreError) -> [Row] {
        try StoreError.wrap { () throws(SQLiteError) in try database.rows(sql, values, make) }
    }

    /// Asks for one value; `.null` if there is no row.
    func value(_ sql: String, _ values: (any SQLiteBindable)?...) throws(StoreError) -> SQLiteValue {
        try StoreError.wrap { () throws(SQLiteError) in
            try database.firstRow(sql, values) { row throws(SQLiteError) in try row.column(0) } ?? .null
        }
    }
}
