import Assets

/// Brings a store to the program's version, and tells whether it is there.
///
/// A store is marked by its `application_id` and remembers its migrations in the table `schema_migration`. Each
/// migration runs in an immediate transaction of its own, together with its row of that table.
package struct Migrator: Sendable {
    /// 'QEDS', in the database header's field for the kind of file.
    package static let applicationID: Int32 = 0x5145_4453

    /// All migrations the program knows, by number.
    package let migrations: [Migration]

    /// - Throws: `MigrationError.invalidName` or `.numbering` if the files are not named and numbered as they must be.
    package init(migrations assets: [Asset]) throws(MigrationError) {
        var migrations: [Migration] = []
        for asset in assets {
            migrations.append(try Migration(asset))
        }
        migrations.sort { ($0.version, $0.name) < ($1.version, $1.name) }
        for (index, migration) in migrations.enumerated() where migration.version != index + 1 {
            throw .numbering(expected: index + 1, found: migration.name)
        }
        self.migrations = migrations
    }

    /// The store version this program reads and writes: the number of its last migration.
    package var version: Int {
        migrations.count
    }

    /// Applies what the store lacks and returns it, in order; a new, empty file becomes a store.
    ///
    /// Several processes may do this at once: each migration is applied by one of them, the others wait and go on.
    /// A store that is up to date is only read.
    package func migrate(_ database: Database) throws(MigrationError) -> [Migration] {
        var applied: [Migration] = []
        while try storeVersion(of: database) < version {
            let next = try database.transaction(.immediate) { () throws(MigrationError) in
                // Looked at again under the write lock: another process may have been faster.
                try applyNext(to: database)
            }
            if let next { applied.append(next) }
        }
        return applied
    }

    /// For those who only read: does nothing if the store is at the program's version.
    ///
    /// - Throws: `MigrationError.needsMigration` if it is older, and all that `migrate(_:)` throws.
    package func verify(_ database: Database) throws(MigrationError) {
        let storeVersion = try storeVersion(of: database)
        guard storeVersion == version else {
            throw .needsMigration(path: database.path, storeVersion: storeVersion, programVersion: version)
        }
    }

    /// The migrations the store has been through, by number; none for an empty file.
    ///
    /// - Throws: `MigrationError.notAStore` if the database is another program's, `.historyHasGap` if it does not
    ///   begin at 1 or has a hole.
    package func history(of database: Database) throws(MigrationError) -> [AppliedMigration] {
        try database.transaction(.deferred) { () throws(MigrationError) in
            try readHistory(of: database)
        }
    }

    // MARK: - Non-package

    private func storeVersion(of database: Database) throws(MigrationError) -> Int {
        let history = try history(of: database)
        try compare(history, path: database.path)
        return history.count
    }

    /// Applies the first migration that is missing; nil if none is. Runs inside a transaction.
    private func applyNext(to database: Database) throws(MigrationError) -> Migration? {
        let history = try readHistory(of: database)
        try compare(history, path: database.path)
        guard let migration = migrations.dropFirst(history.count).first else { return nil }
        if history.isEmpty {
            try reportingSQLite(try MigrationHistory.create(in: database))
        }
        try run(migration, in: database)
        try reportingSQLite(try MigrationHistory.append(migration, to: database))
        return migration
    }

    private func run(_ migration: Migration, in database: Database) throws(MigrationError) {
        var forbidden: String?
        do throws(SQLiteError) {
            var script = try SQLScript(migration.sql, database: database)
            while forbidden == nil, let statement = try script.next() {
                forbidden = statement.transactionKeyword
                if forbidden == nil { try statement.run() }
            }
        } catch {
            throw .failed(migration, error)
        }
        if let forbidden { throw .forbiddenStatement(migration, keyword: forbidden) }
    }

    /// Holds the store's history against the program's.
    private func compare(_ history: [AppliedMigration], path: String) throws(MigrationError) {
        guard history.count <= version else {
            throw .storeIsNewer(path: path, storeVersion: history.count, programVersion: version)
        }
        for (applied, known) in zip(history, migrations) where applied.sql != known.sql || applied.name != known.name {
            throw .edited(path: path, applied: applied, inProgram: known)
        }
    }

    /// Several reads: runs inside a transaction, so that they see one state.
    private func readHistory(of database: Database) throws(MigrationError) -> [AppliedMigration] {
        switch try reportingSQLite(try MigrationHistory.owner(of: database)) {
        case .nobody:
            return []
        case .other:
            throw .notAStore(path: database.path)
        case .qedscan:
            let rows = try reportingSQLite(try MigrationHistory.read(from: database))
            for (index, row) in rows.enumerated() where row.version != index + 1 {
                throw .historyHasGap(path: database.path, missing: index + 1)
            }
            guard !rows.isEmpty else { throw .historyHasGap(path: database.path, missing: 1) }
            return rows
        }
    }

    private func reportingSQLite<Result>(
        _ body: @autoclosure () throws(SQLiteError) -> Result
    ) throws(MigrationError) -> Result {
        do throws(SQLiteError) {
            return try body()
        } catch {
            throw .database(error)
        }
    }
}
