import Files
import SQLite

/// Why a store cannot be used. Its description is one sentence for an administrator.
package enum StoreError: Error {
    case database(SQLiteError)
    case migration(MigrationError)
    /// Another process scans or repairs with the store.
    case inUse(path: String, holder: String)
    /// The file beside the store at `path` that says who uses it cannot be made or locked.
    case lockFile(path: String, reason: String)
    /// Whether another process uses the store at `path` cannot be told.
    case lockUnreadable(path: String, reason: String)
    /// Scans, repairs and undos are for a store of one's own; the one at `path` was merged of others.
    case merged(path: String)
    /// Stores cannot be merged into the one at `path`.
    case mergeTarget(path: String, reason: String)
    /// The store at `path` cannot be merged.
    case mergeInput(path: String, reason: String)
    /// A copy of a store cannot be made at `path`.
    case backup(path: String, reason: String)
    /// The store is not to say what is written to images: who may write what is at `path` is not trusted.
    case untrusted(path: String, reason: String, isFolder: Bool)
    /// What is committed to the store may not survive a power cut with the settings in force.
    case notDurable(path: String, mode: JournalMode, level: Synchronous)
}

extension StoreError: SQLiteErrorConvertible {
    package init(_ error: SQLiteError) { self = .database(error) }
}

extension StoreError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .database(let error): error.description
        case .migration(let error): error.description
        case .inUse(let path, let holder): "\(path) is in use by another command: \(holder)".escapingControlCharacters
        case .lockFile(let path, let reason):
            "\(path) cannot be written: its lock file \(path).lock: \(reason)".escapingControlCharacters
        case .lockUnreadable(let path, let reason):
            "\(path): its lock file cannot be read, to tell whether a scan runs: \(reason)".escapingControlCharacters
        case .merged(let path):
            ("\(path) was merged of other stores, to be asked only: scans, repairs and what undoes them go into a store of "
                + "a machine that reaches the images, which is then merged into it").escapingControlCharacters
        case .mergeTarget(let path, let reason):
            "\(path): no store can be merged into it: \(reason)".escapingControlCharacters
        case .mergeInput(let path, let reason): "\(path) cannot be merged: \(reason)".escapingControlCharacters
        case .backup(let path, let reason): "\(path) cannot be written: \(reason)".escapingControlCharacters
        case .untrusted(let path, let reason, let isFolder):
            ("\(path): \(reason), and who can write to the store decides what is written to images; "
                + (isFolder
                    ? "scan into a store in a folder that is root's or your own, with --db, and repair with that"
                    : "if you know what is in it, make it root's or your own and 'chmod go-w' it, else give another store "
                        + "with --db"))
                .escapingControlCharacters
        case .notDurable(let path, let mode, let level):
            ("\(path) does not keep every commit through a power cut: journal mode \(mode) and synchronous \(level) are in "
                + "force, where a repair needs wal with full, or delete with extra").escapingControlCharacters
        }
    }
}
