/// Brings a database to the program's version, and tells whether it is there.
///
/// A database of the program is marked by its `application_id` and remembers its migrations in the table
/// `schema_migration`. Each migration runs in a separate immediate transaction, together with its row of that table.
package struct Migrator: Sendable {
    /// What the database header says in its field for the kind of file.
    package let applicationID: Int32
    /// All migrations the program knows, by number.
    package let migrations: [Migration]

    /// - Throws: `MigrationError.numbering` if the migrations are not numbered 1, 2, 3, …
    package init(applicationID: Int32, migrations: [Migration]) throws(MigrationError) {
        let migrations = migrations.sorted { ($0.version, $0.name) < ($1.version, $1.name) }
        for (index, migration) in migrations.enumerated() where migration.version != index + 1 {
            throw .numbering(expected: index + 1, found: migration.name)
        }
        self.applicationID = applicationID
        self.migrations = migrations
    }

    /// The version that this program reads and writes: the number of its last migration.
    package var version: Int {
        migrations.count
    }

    /// Applies the missing migrations and returns them, in order. An empty file becomes a database of the program.
    ///
    /// Several processes may do this at once: one of them applies a migration, the others wait and go on. A database
    /// that is up to date is only read.
    package func migrate(_ database: Database) throws(MigrationError) -> [Migration] {
        var applied: [Migration] = []
        while try version(of: database) < version {
            let next = try database.transaction(.immediate) { () throws(MigrationError) in
                // Read again under the write lock: another process may have been faster.
                try applyNext(to: database)
            }
            if let next { applied.append(next) }
        }
        return applied
    }

    /// Confirms, for a reader, that the database has the program's version.
    ///
    /// - Throws: `MigrationError.needsMigration` if it is older, and all that `migrate(_:)` throws.
    package func verify(_ database: Database) throws(MigrationError) {
        let found = try version(of: database)
        guard found == version else {
            throw .needsMigration(path: database.path, storeVersion: found, programVersion: version)
        }
    }

    /// The migrations that the database has been through, by number; none for an empty file.
    ///
    /// - Throws: `MigrationError.notAStore` if the database is another program's, `.historyHasGap` if it does not
    ///   begin at 1 or has a hole.
    package func history(of database: Database) throws(MigrationError) -> [AppliedMigration] {
        try database.transaction(.deferred) { () throws(MigrationError) in
            try readHistory(of: database)
        }
    }

    // MARK: - Non-package

    private func version(of database: Database) throws(MigrationError) -> Int {
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
            try reportingSQLite(try MigrationHistory.create(in: database, applicationID: applicationID))
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

    /// Compares the database's history with the program's.
    private func compare(_ history: [AppliedMigration], path: String) throws(MigrationError) {
        guard history.count <= version else {
            throw .storeIsNewer(path: path, storeVersion: history.count, programVersion: version)
        }
        for (applied, known) in zip(history, migrations) where applied.sql != known.sql || applied.name != known.name {
            throw .edited(path: path, applied: applied, inProgram: known)
        }
    }

    /// Runs inside a transaction, so that its reads see one state.
    private func readHistory(of database: Database) throws(MigrationError) -> [AppliedMigration] {
        switch try reportingSQLite(try MigrationHistory.owner(of: database, applicationID: applicationID)) {
        case .nobody:
            return []
        case .other:
            throw .notAStore(path: database.path)
        case .program:
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
