/// The mark and the table that make a database one of the program's.
enum MigrationHistory {
    /// Whose database a file is.
    enum Owner {
        /// An empty file, which may become the program's.
        case nobody
        case program
        case other
    }

    static func owner(of database: Database, applicationID own: Int32) throws(SQLiteError) -> Owner {
        let applicationID = try database.scalar("PRAGMA application_id")
        if applicationID == .integer(Int64(own)) { return .program }
        let isEmpty = try database.scalar("SELECT count(*) FROM sqlite_schema") == .integer(0)
        return isEmpty && applicationID == .integer(0) ? .nobody : .other
    }

    /// Marks an empty database as the program's and creates its history table.
    static func create(in database: Database, applicationID: Int32) throws(SQLiteError) {
        try database.execute(
            """
            PRAGMA application_id = \(applicationID);
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
