import CSQLite
import CSystem
import Files
import Glibc
import SQLite

/// Copies a store by SQLite's online backup, while others may read and write it.
///
/// The copy is written beside its target and gets its name only when it is complete: on disk, readable by its owner
/// alone, one file (`journal_mode = DELETE`), and checked by SQLite.
package struct StoreBackup {
    /// Milliseconds between two attempts, and their number: the copy waits for a writer that keeps the store locked.
    private static let pause: Int32 = 50
    private static let attempts = 1200

    private let source: Database
    private let store: DatabaseFile
    private let target: DatabaseFile
    private let replaces: Bool

    /// - Parameters:
    ///   - path: the store, which may be of an earlier version.
    ///   - target: the name of the copy.
    ///   - replaces: whether an existing file is replaced.
    package init(of path: String, to target: String, replaces: Bool) throws(StoreError) {
        try ScanStore.refuseOtherFiles(at: path)
        (source, store, self.target) = try StoreError.wrap { () throws(SQLiteError) in
            (
                try Database(path: path, mode: .readOnly, busyTimeout: .seconds(60)), try DatabaseFile(path: path),
                try DatabaseFile(path: target)
            )
        }
        self.replaces = replaces
    }

    /// As the caller named it.
    package var targetPath: String { target.path }

    /// Writes the copy and returns its size in bytes.
    package func run() throws(StoreError) -> Int64 {
        try refuseTarget()
        let temporary = TemporaryName.beside(RawPath(target.resolvedPath)).text
        defer {
            for suffix in ["", "-journal", "-wal", "-shm"] { unlink(temporary + suffix) }
        }
        let size = try copy(to: temporary)
        try synchronize(temporary)
        try move(temporary)
        return size
    }

    /// Throws if the target must not be replaced: without being asked, or if it is the store itself, or a database that
    /// somebody has open, since SQLite would take the files beside it for the copy's.
    private func refuseTarget() throws(StoreError) {
        for suffix in ["-journal", "-wal", "-shm"] where exists(target.resolvedPath + suffix) {
            throw failure("\(target.path)\(suffix) exists: the database is in use, or was not closed cleanly")
        }
        for suffix in ["-journal", "-wal", "-shm", ".lock"]
        where target.resolvedPath == store.resolvedPath + suffix {
            throw failure("it is a part of the store itself")
        }
        guard exists(target.resolvedPath) else { return }
        guard replaces else { throw failure("it already exists") }
        guard !DatabaseFile.isSame(target.resolvedPath, source.path) else { throw failure("it is the store itself") }
        var status = stat()
        guard lstat(target.resolvedPath, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFREG else { throw failure("it is not a regular file") }
    }

    private func copy(to path: String) throws(StoreError) -> Int64 {
        try StoreError.wrap { () throws(SQLiteError) in
            // The file must be new: anyone who already had it open could read bytes of images in it.
            try DatabaseFile(path: path).create()
            let copy = try Database(path: path, mode: .readWrite)
            try copyPages(to: copy)
            guard try copy.setJournalMode(.delete) == .delete else {
                throw copy.refusal(.error, "the copy cannot leave WAL mode")
            }
            let answer = try copy.scalar("PRAGMA quick_check(1)")
            guard answer == .text("ok") else {
                throw source.refusal(.corrupt, String(sqliteValue: answer) ?? "the copy is not whole")
            }
            let size = try copy.scalar("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
            try copy.close()
            return Int64(sqliteValue: size) ?? 0
        }
    }

    /// Copies all pages in one step, so that they are of one state. Writers go on meanwhile in WAL mode, and wait
    /// without it.
    private func copyPages(to copy: Database) throws(SQLiteError) {
        let destination = try copy.openConnection()
        guard let backup = sqlite3_backup_init(destination, "main", try source.openConnection(), "main") else {
            throw copy.failure(sqlite3_errcode(destination))
        }
        var code = SQLITE_BUSY
        for _ in 0..<StoreBackup.attempts {
            code = sqlite3_backup_step(backup, -1)
            guard code & 0xFF == SQLITE_BUSY || code & 0xFF == SQLITE_LOCKED else { break }
            sqlite3_sleep(StoreBackup.pause)
        }
        let end = sqlite3_backup_finish(backup)
        guard code != SQLITE_DONE else { return }
        // Damage is the store's error, a full disk is the copy's.
        let error = copy.failure(end == SQLITE_OK ? code : end)
        let isSource = error.code.primary == .busy || error.code.primary == .corrupt
        throw isSource ? source.refusal(error.code, error.message) : error
    }

    private func synchronize(_ path: String) throws(StoreError) {
        let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(String(cString: strerror(errno))) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure(String(cString: strerror(errno))) }
    }

    /// Gives the copy its name, and waits until that is on disk.
    private func move(_ temporary: String) throws(StoreError) {
        // A link fails if the name has been taken meanwhile, while a rename would replace the file.
        if replaces || link(temporary, target.resolvedPath) != 0 {
            guard replaces || errno != EEXIST else { throw failure("it already exists") }
            try wrap { () throws(SystemError) in
                try OutputFile.replace(RawPath(target.resolvedPath), with: RawPath(temporary))
            }
        }
        try wrap { () throws(SystemError) in
            try OutputFile.synchronizeDirectory(of: RawPath(target.resolvedPath))
        }
    }

    private func wrap(_ body: () throws(SystemError) -> Void) throws(StoreError) {
        do throws(SystemError) { try body() } catch { throw failure(error.reason) }
    }

    private func exists(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }

    private func failure(_ reason: String) -> StoreError { .backup(path: target.path, reason: reason) }
}
