import SQLite

/// Why a store cannot be used. The description is one sentence for an administrator.
package enum StoreError: Error {
    case database(SQLiteError)
    case migration(MigrationError)
    /// Another process scans or repairs with the store.
    case inUse(path: String, holder: String)
    /// The lock file beside the store at `path` cannot be created or locked.
    case lockFile(path: String, reason: String)
    /// The lock file beside the store at `path` cannot be read, so nobody knows whether the store is in use.
    case lockUnreadable(path: String, reason: String)
    /// The store at `path` was merged from others, so nothing can be scanned, repaired or undone with it.
    case merged(path: String)
    /// Stores cannot be merged into the one at `path`.
    case mergeTarget(path: String, reason: String)
    /// The store at `path` cannot be merged.
    case mergeInput(path: String, reason: String)
    /// A copy of a store cannot be written to `path`.
    case backup(path: String, reason: String)
    /// The store must not decide what is written to images, since others may write the file or directory at `path`.
    case untrusted(path: String, reason: String, isDirectory: Bool)
    /// With the settings in force, a power cut may take what is committed to the store.
    case notDurable(path: String, mode: JournalMode, level: Synchronous)
}

extension StoreError: SQLiteErrorConvertible {
    package init(_ error: SQLiteError) { self = .database(error) }

    /// Calls a function and reports an error of SQLite's as the store's.
    static func wrap<Result>(_ body: () throws(SQLiteError) -> Result) throws(StoreError) -> Result {
        do throws(SQLiteError) {
            return try body()
        } catch {
            throw .database(error)
        }
    }

    /// Calls a function and reports an error of the migrator's as the store's.
    static func wrapMigration<Result>(_ body: () throws(MigrationError) -> Result) throws(StoreError) -> Result {
        do throws(MigrationError) {
            return try body()
        } catch {
            if case .database(let error) = error { throw .database(error) }
            throw .migration(error)
        }
    }
}

extension StoreError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .database(let error): error.description
        case .migration(let error): error.description
        case .inUse(let path, let holder): "\(path) is in use by another command: \(holder)".escapingControlCharacters
        case .lockFile(let path, let reason):
            "\(path) cannot be written: cannot lock \(path).lock: \(reason)".escapingControlCharacters
        case .lockUnreadable(let path, let reason):
            "\(path): its lock file cannot be read, to tell whether a scan runs: \(reason)".escapingControlCharacters
        case .merged(let path):
            ("\(path) is a merged store and read-only: run scan, repair or undo on a machine with access to the "
                + "images, with its own store, then merge that store again").escapingControlCharacters
        case .mergeTarget(let path, let reason):
            "\(path): cannot merge into this store: \(reason)".escapingControlCharacters
        case .mergeInput(let path, let reason): "\(path) cannot be merged: \(reason)".escapingControlCharacters
        case .backup(let path, let reason): "\(path) cannot be written: \(reason)".escapingControlCharacters
        case .untrusted(let path, let reason, let isDirectory):
            ("\(path): \(reason), and whoever can write to the store controls what a repair writes; "
                + (isDirectory
                    ? "use a store in a directory that only root or you can write to (--db), and scan again"
                    : "if you trust its contents, change its owner to root or yourself and run 'chmod go-w' on it, or "
                        + "use another store (--db)"))
                .escapingControlCharacters
        case .notDurable(let path, let mode, let level):
            ("\(path) may lose commits in a power failure: journal_mode is \(mode) and synchronous is \(level), but a "
                + "repair needs wal and full, or delete and extra").escapingControlCharacters
        }
    }
}

extension MigrationError: CustomStringConvertible {
    /// One sentence for an administrator, on one line and without control characters.
    package var description: String {
        sentence.escapingControlCharacters
    }

    private var sentence: String {
        switch self {
        case .notAStore(let path):
            "\(path) is a SQLite database but not a qedscan store"
        case .storeIsNewer(let path, let storeVersion, let programVersion):
            "\(path) is of store version \(storeVersion), newer than this program, which knows up to version "
                + "\(programVersion): use a newer qedscan"
        case .needsMigration(let path, 0, _):
            "\(path) is empty: run a scan to create the store"
        case .needsMigration(let path, let storeVersion, let programVersion):
            "\(path) is of store version \(storeVersion), older than this program's version \(programVersion): "
                + "run 'qedscan store migrate' or a scan"
        case .edited(let path, let applied, let inProgram):
            "\(path) was made with a migration \(applied.name) (applied \(applied.appliedAt)) that differs from this "
                + "program's \(inProgram.name): the two come from different sources"
        case .historyHasGap(let path, let missing):
            "\(path) has a damaged history: migration \(missing) is missing from its table schema_migration"
        case .failed(let migration, let error):
            "migration \(migration.name) failed and was rolled back: \(error)"
        case .forbiddenStatement(let migration, let keyword):
            "migration \(migration.name) contains \(keyword), which is not allowed as each migration runs in a "
                + "transaction of its own"
        case .invalidName(let name):
            "a migration is called \(name), which is not of the form NNNN_verb_noun.sql"
        case .numbering(let expected, let found):
            "the program's migrations must be numbered without gap or repeat: expected number \(expected), "
                + "found \(found)"
        case .database(let error):
            error.description
        }
    }
}
