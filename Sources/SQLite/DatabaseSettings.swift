import CSQLite

/// Where a database keeps what a transaction may have to take back. See <https://www.sqlite.org/pragma.html>.
package enum JournalMode: String, Sendable, CaseIterable {
    case delete, truncate, persist, memory, wal, off
}

/// How far SQLite waits for the disk. Durable are `full` with `JournalMode.wal`, and `extra` with `.delete`.
package enum Synchronous: Int, Sendable, CaseIterable {
    case off, normal, full, extra
}

extension Database {
    /// The version of SQLite that the program runs with.
    package static var libraryVersion: String { String(cString: sqlite3_libversion()) }

    /// The journal mode in force.
    package func journalMode() throws(SQLiteError) -> JournalMode {
        try journalMode(afterRunning: "PRAGMA journal_mode")
    }

    /// Asks for a journal mode and gives the one in force then.
    ///
    /// SQLite keeps the old one where the file system cannot do the new one, and when leaving or entering WAL while
    /// another connection is open. That is no error here: the caller compares if it matters.
    package func setJournalMode(_ mode: JournalMode) throws(SQLiteError) -> JournalMode {
        do throws(SQLiteError) {
            return try journalMode(afterRunning: "PRAGMA journal_mode = \(mode.rawValue)")
        } catch {
            guard error.code.primary == .busy else { throw error }
            return try journalMode()
        }
    }

    package func synchronous() throws(SQLiteError) -> Synchronous {
        let value = try scalar("PRAGMA synchronous")
        guard let level = Int(sqliteValue: value).flatMap(Synchronous.init(rawValue:)) else {
            throw refusal(.mismatch, "SQLite gave an unknown synchronous level: \(value)")
        }
        return level
    }

    /// Sets the level for this connection. Inside a transaction SQLite refuses.
    package func setSynchronous(_ level: Synchronous) throws(SQLiteError) {
        try execute("PRAGMA synchronous = \(level.rawValue)")
    }

    /// Whether rows that this connection writes are held to the `CHECK`s of their tables. They are unless it is told
    /// otherwise; `PRAGMA integrity_check` finds what should not be there.
    package func setChecksConstraints(_ isOn: Bool) throws(SQLiteError) {
        try execute("PRAGMA ignore_check_constraints = \(isOn ? "OFF" : "ON")")
    }

    /// Whether the last connection to be closed brings the log of WAL mode into the database file, as SQLite does
    /// unless it is told otherwise.
    package func setCheckpointsOnClose(_ isOn: Bool) throws(SQLiteError) {
        let code = csqlite_set_option(try openConnection(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, isOn ? 0 : 1)
        guard code == SQLITE_OK else { throw failure(code) }
    }

    /// Lets this connection keep so many bytes of the file in memory.
    package func setCacheSize(bytes: Int) throws(SQLiteError) {
        // A negative number stands for KiB.
        try execute("PRAGMA cache_size = -\(bytes / 1024)")
    }

    /// Leaves this connection only what questions need, for SQL that a user wrote: nothing can be written, and no other
    /// file can be attached or made (which `VACUUM INTO` does even on a read-only connection).
    package func restrictToQueries() throws(SQLiteError) {
        sqlite3_limit(try openConnection(), SQLITE_LIMIT_ATTACHED, 0)
        try execute("PRAGMA query_only = ON")
    }

    private func journalMode(afterRunning sql: String) throws(SQLiteError) -> JournalMode {
        let value = try scalar(sql)
        guard let mode = String(sqliteValue: value).flatMap(JournalMode.init(rawValue:)) else {
            throw refusal(.mismatch, "SQLite gave an unknown journal mode: \(value)", sql: sql)
        }
        return mode
    }
}
