import Assets
import Glibc
import QED
import Repair

/// The store of results: an SQLite database whose tables and views people query.
///
/// Belongs to one thread at a time, as its `database` does.
package final class ReportStore {
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
            try Database(path: path, mode: .create, busyTimeout: ReportStore.patience)
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
            try database.setCacheSize(bytes: ReportStore.cacheSize)
            try ReportStore.updateFindingKinds(in: database)
            try ReportStore.updateRepairActions(in: database)
        }
    }

    /// The store of a connection that is open already, at this program's version.
    init(sharing database: Database) { self.database = database }

    /// Opens a store to write, calls a function with it, and closes it, whether the function succeeds or not.
    package static func use<Result>(
        path: String, _ body: (ReportStore) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        let store = try ReportStore(writing: path)
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

    /// Calls a function with each result of this host that may be used again.
    ///
    /// That is: of this version of the checker, conclusive, made at or after `oldest`, and of a file whose last change
    /// was at least two seconds before the check. A later change within the clock's resolution would not show. An
    /// overlay is checked again if the store does not have the exact name of its backing file.
    ///
    /// Whatever was checked since a chain of scans began, by them or others, may be used again too, even if it is not
    /// conclusive; but what was in use or changing is cheap, and worth another try.
    ///
    /// - Parameters:
    ///   - oldest: of results that are not the chain's; nil for any age.
    ///   - chain: what the scan goes on from.
    ///   - isOfChainOnly: nothing else is used again.
    package func forEachKnownImage(
        host: String, oldest: String?, chain: ScanChain? = nil, isOfChainOnly: Bool = false,
        _ body: (KnownImageRecord) -> Void
    ) throws(StoreError) {
        try StoreError.wrap { [database] () throws(SQLiteError) in
            let statement = try database.prepare(
                """
                SELECT image.id, path, path_bytes, r.device, r.inode, file_size, mtime_ns, ctime_ns, outcome, dirty,
                    name, name_bytes, is_raw_flag, virtual_size, backing.inode, backing.birth_ns
                FROM image JOIN check_result AS r
                    ON r.id = (SELECT max(id) FROM check_result WHERE image_id = image.id)
                LEFT JOIN backing ON backing.image_id = image.id AND r.backing_file <> ''
                WHERE host = ?1 AND checker_version = ?2
                    AND ctime_ns <= (unixepoch(checked_at) - 2) * 1000000000
                    AND (
                        ?3 AND outcome IN ('clean', 'leaking', 'corrupt') AND checked_at >= ifnull(?6, '')
                        OR outcome IN ('clean', 'leaking', 'corrupt') AND checked_at >= ?4
                        -- A result that only repeated an earlier one has no row, but its scan saw the image.
                        OR outcome IN ('incomplete', 'invalid', 'unsupported') AND (
                            r.scan_id IN (SELECT value FROM json_each(?5))
                            OR last_scan_id IN (SELECT value FROM json_each(?5))))
                    AND (ifnull(r.backing_file, '') = '' OR r.backing_file = name)
                """)
            try statement.bind(
                host, Checker.version, !isOfChainOnly, chain?.startedAt, chain?.json ?? "[]", oldest)
            while try statement.step() {
                let identity = FileIdentity(
                    device: UInt64(bitPattern: try statement.column(3)),
                    inode: UInt64(bitPattern: try statement.column(4)), size: try statement.column(5),
                    modificationTime: try statement.column(6), changeTime: try statement.column(7))
                guard let outcome = Outcome(rawValue: try statement.column(8)) else { continue }
                body(
                    KnownImageRecord(
                        imageID: try statement.column(0),
                        path: RawPath(text: try statement.column(1), bytes: try statement.column(2)),
                        identity: identity, outcome: outcome, isDirty: try statement.column(9, as: Bool?.self) ?? false,
                        reference: try ReportStore.reference(statement)))
            }
        }
    }

    /// The backing file of a known image; nil if it has none.
    private static func reference(_ statement: Statement) throws(SQLiteError) -> BackingReference? {
        guard let text = try statement.column(10, as: String?.self) else { return nil }
        let name = RawPath(text: text, bytes: try statement.column(11))
        return BackingReference(
            name: BackingName(bytes: name.bytes), isRaw: try statement.column(12),
            imageSize: try statement.column(13), inode: UInt64(bitPattern: try statement.column(14)),
            birthTime: try statement.column(15))
    }

    /// How many images of a host the store knows to be there, at some paths or below them.
    package func presentImageCount(host: String, roots: [RawPath] = [RawPath("/")]) throws(StoreError) -> Int {
        try StoreError.wrap { () throws(SQLiteError) in
            let sql =
                """
                SELECT count(*) FROM image
                WHERE host = ? AND missing_since_scan_id IS NULL AND EXISTS (
                    SELECT 1 FROM (SELECT rtrim(value, '/') AS root FROM json_each(?))
                    WHERE path = root OR path >= root || '/' AND path < root || '0')
                """
            return Int(sqliteValue: try database.scalar(sql, host, try jsonArray(roots.map(\.text)))) ?? 0
        }
    }

    /// How many images a scan may meet, by those before it; nil if there are none.
    package func expectedImageCount(of scan: ScanRecord) throws(StoreError) -> Int? {
        let count = try presentImageCount(host: scan.host, roots: scan.roots)
        return count > 0 ? count : nil
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
