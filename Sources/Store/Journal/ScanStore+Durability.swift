import SQLite

/// Settings with which a commit is on disk when it returns.
///
/// WAL with FULL is. Without WAL, EXTRA is needed: with FULL the folder is not synced after the rollback journal is
/// deleted, so that a power cut may bring the journal back, and with it the state before the last commit.
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
