import Assets
import Glibc
import QED
import Repair
import SQLite

/// The store of results: an SQLite database whose tables and views people query.
///
/// Belongs to one thread at a time, as its `database` does.
package final class ScanStore {
    package let database: Database

    /// How long a writer waits for readers: outside WAL mode a long answer that somebody pages through holds it up.
    private static let patience = Duration.seconds(60)
    /// Bytes that a writer keeps in memory: enough that the pages of the indexes, which new rows go into anywhere, are
    /// not read again for each.
    private static let cacheSize = 16 << 20

    /// Throws if there is a file that is not a store, before anything is made beside it.
    package static func refuseOtherFiles(at path: String) throws(StoreError) {
        guard access(path, F_OK) == 0 else { return }
        do throws(StoreError) {
            try refuseOtherFile(at: path, mode: .readOnly)
        } catch {
            // A crash while the journal mode changed leaves what only a writer can mend, by looking.
            guard case .migration(.database(let reason)) = error, reason.code == .readOnlyRollback else { throw error }
            try refuseOtherFile(at: path, mode: .readWrite)
        }
    }

    private static func refuseOtherFile(at path: String, mode: Database.Mode) throws(StoreError) {
        let database = try StoreError.wrap { () throws(SQLiteError) in try Database(path: path, mode: mode) }
        do throws(MigrationError) {
            _ = try Migrator(migrations: Assets.migrations).history(of: database)
        } catch {
            throw .migration(error)
        }
    }

    /// Opens a store to write, made and migrated if need be.
    ///
    /// In WAL mode, so that readers go on meanwhile and a crash keeps all that was committed; `close` leaves it.
    package init(writing path: String) throws(StoreError) {
        database = try StoreError.wrap { () throws(SQLiteError) in
            try Database(path: path, mode: .create, busyTimeout: ScanStore.patience)
        }
        do throws(MigrationError) {
            // Looked at before anything is changed: another program's database stays as it is.
            _ = try Migrator(migrations: Assets.migrations).migrate(database)
        } catch {
            throw .migration(error)
        }
        try StoreError.wrap { [database] () throws(SQLiteError) in
            // Not to be had while somebody reads, or on some file systems: then every commit has to reach the disk.
            let mode = try database.setJournalMode(.wal)
            try database.setSynchronous(mode == .wal ? .normal : .extra)
            try database.setCacheSize(bytes: ScanStore.cacheSize)
            try ScanStore.updateFindingKinds(in: database)
            try ScanStore.updateRepairActions(in: database)
        }
    }

    /// The store of a connection that is open already, at this program's version.
    init(sharing database: Database) { self.database = database }

    /// Opens a store to write, calls a function with it, and closes it, whether the function succeeds or not.
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
        do throws(MigrationError) {
            try Migrator(migrations: Assets.migrations).verify(database)
        } catch {
            throw .migration(error)
        }
    }

    /// Leaves WAL mode, if nobody else has the store open, so that users who may only read it can.
    package func close() throws(StoreError) {
        try StoreError.wrap { [database] () throws(SQLiteError) in
            if database.mode != .readOnly { _ = try database.setJournalMode(.delete) }
            try database.close()
        }
    }

    /// Makes the store's table of finding kinds the program's own.
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

    /// Makes the store's table of repair actions the program's own.
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

extension StoreError {
    static func wrap<Result>(_ body: () throws(SQLiteError) -> Result) throws(StoreError) -> Result {
        do throws(SQLiteError) {
            return try body()
        } catch {
            throw .database(error)
        }
    }
}
