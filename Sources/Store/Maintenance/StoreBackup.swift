import CSQLite
import CSystem
import Files
import Glibc
import SQLite

/// Makes a copy of a store, by SQLite's online backup, while others may read and write it.
///
/// The copy is made beside its name and comes there whole or not at all: on disk, readable by its owner alone, one file
/// (`journal_mode = DELETE`), and looked through by SQLite.
package struct StoreBackup {
    /// Milliseconds between two attempts, and their number: a writer that keeps the store locked is waited for.
    private static let pause: Int32 = 50
    private static let attempts = 1200

    private let source: Database
    private let store: DatabaseFile
    private let target: DatabaseFile
    private let replaces: Bool

    /// - Parameters:
    ///   - path: of the store; one of an earlier version can be copied as well.
    ///   - target: of the copy.
    ///   - replaces: whether a file of that name is replaced.
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

    /// Makes the copy and returns its size in bytes.
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

    /// Nothing is replaced unasked, nor the store itself, nor a database that somebody has open: what SQLite keeps
    /// beside that would be taken for the copy's.
    private func refuseTarget() throws(StoreError) {
        for suffix in ["-journal", "-wal", "-shm"] where exists(target.resolvedPath + suffix) {
            throw failure("\(target.path)\(suffix) is there: a database of that name is in use, or was not closed")
        }
        for suffix in ["-journal", "-wal", "-shm", ".lock"]
        where target.resolvedPath == store.resolvedPath + suffix {
            throw failure("it is a part of the store itself")
        }
        guard exists(target.resolvedPath) else { return }
        guard replaces else { throw failure("it is there already") }
        guard !DatabaseFile.isSame(target.resolvedPath, source.path) else { throw failure("it is the store itself") }
        var status = stat()
        guard lstat(target.resolvedPath, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFREG else { throw failure("it is not a regular file") }
    }

    private func copy(to path: String) throws(StoreError) -> Int64 {
        try StoreError.wrap { () throws(SQLiteError) in
            // Made by us and by nobody else: who has it open would read images' bytes in it.
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

    /// All pages in one go, of one state: writers go on meanwhile in WAL mode, and wait without it.
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
        // The store's own error, such as damage; a full disk is the copy's.
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

    /// Gives the copy its name, and waits until the folder has it on disk.
    private func move(_ temporary: String) throws(StoreError) {
        // A link fails if the name is taken by now, where a rename would replace what has it.
        if replaces || link(temporary, target.resolvedPath) != 0 {
            guard replaces || errno != EEXIST else { throw failure("it is there already") }
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
