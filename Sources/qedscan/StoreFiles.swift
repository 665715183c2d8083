import Files
import PoolScan

/// The files of a store: its database, SQLite's companions and the lock. A scan must not open them: closing any
/// descriptor of a file drops the locks that SQLite holds on it.
enum StoreFiles {
    static func keys(of path: String) -> Set<FileKey> {
        var keys: Set<FileKey> = []
        for suffix in ["", "-wal", "-shm", "-journal", ".lock"] {
            if let key = FileKey(named: RawPath(path + suffix)) { keys.insert(key) }
        }
        return keys
    }
}
