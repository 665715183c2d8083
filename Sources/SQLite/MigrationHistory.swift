/// The mark and the table by which a store knows what it is.
enum MigrationHistory {
    /// Whose database a file is.
    enum Owner {
        /// An empty file, to be made a store.
        case nobody
        case qedscan
        case other
    }

    static func owner(of database: Database) throws(SQLiteError) -> Owner {
        let applicationID = try database.scalar("PRAGMA application_id")
        if applicationID == .integer(Int64(Migrator.applicationID)) { return .qedscan }
        let isEmpty = try database.scalar("SELECT count(*) FROM sqlite_schema") == .integer(0)
        return isEmpty && applicationID == .integer(0) ? .nobody : .other
    }

    /// Marks an empty database as a store and makes its history table.
    static func create(in database: Database) throws(SQLiteError) {
        try database.execute(
            """
            PRAGMA application_id = \(Migrator.applicationID);
            CREATE TABLE schema_migration (
                version INTEGER PRIMARY KEY,
                name TEXT NOT NULL,
                sql TEXT NOT NULL,
                applied_at TEXT NOT NULL
            ) STRICT;
            """)
    }

    static func append(_ migration: Migration, to database: Database) throws(SQLiteError) {
        let statement = try database.prepare(
            """
            INSERT INTO schema_migration (version, name, sql, applied_at)
            VALUES (?, ?, ?, strftime('%Y-%m-%d %H:%M:%f', 'now'))
            """)
        try statement.run(migration.version, migration.name, migration.sql)
    }

    /// The history by version; none if the table itself is missing.
    static func read(from database: Database) throws(SQLiteError) -> [AppliedMigration] {
        let tables = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'schema_migration'"
        guard try database.scalar(tables) == .integer(1) else { return [] }
        let statement = try database.prepare(
            "SELECT version, name, sql, applied_at FROM schema_migration ORDER BY version")
        var history: [AppliedMigration] = []
        while try statement.step() {
            history.append(
                AppliedMigration(
                    version: try statement.column(0), name: try statement.column(1), sql: try statement.column(2),
                    appliedAt: try statement.column(3)))
        }
        return history
    }
}
