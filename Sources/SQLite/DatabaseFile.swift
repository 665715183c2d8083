import Files
import Glibc

/// Where a database file is, and its creation. Existing files are never opened here: closing any descriptor of a file
/// drops the POSIX locks that SQLite holds on it in this process (<https://www.sqlite.org/howtocorrupt.html>).
package struct DatabaseFile {
    /// The path as the caller gave it, for messages.
    package let path: String
    /// The path, without links in its directories, so that only the last component may be one.
    /// It is absolute, hence never taken for a `file:` URI or `:memory:`.
    package let resolvedPath: String

    /// Resolves the directory, which must exist; the file need not.
    package init(path: String) throws(SQLiteError) {
        let given = RawPath(path)
        let name = String(decoding: given.lastName, as: UTF8.self)
        guard !path.utf8.contains(0) else {
            throw SQLiteError(code: .cantOpen, message: "its name has a NUL byte", path: path)
        }
        guard !path.isEmpty else {
            throw SQLiteError(code: .cantOpen, message: "the path is empty", path: "''")
        }
        guard !name.isEmpty, name != ".", name != ".." else {
            throw SQLiteError(code: .cantOpenDirectory, message: "it is a directory", path: path, systemErrno: EISDIR)
        }
        self.path = path
        do throws(SystemError) {
            resolvedPath = String(
                decoding: try given.directory.resolved().appending(given.lastName).bytes, as: UTF8.self)
        } catch {
            throw SQLiteError(
                code: .cantOpen, message: "its directory does not exist", path: path, systemErrno: error.code)
        }
    }

    /// Creates an empty file with mode 0600 if nothing of that name exists; whatever exists is left untouched.
    package func createIfMissing() throws(SQLiteError) {
        do throws(SQLiteError) {
            try create()
        } catch {
            guard error.systemErrno == EEXIST else { throw error }
        }
    }

    /// Creates an empty file with mode 0600, whatever the umask.
    ///
    /// - Throws: `SQLiteError` with EEXIST if there is anything of that name.
    package func create() throws(SQLiteError) {
        let descriptor = open(resolvedPath, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw SQLiteError(code: .cantOpen, message: "it cannot be created", path: path, systemErrno: errno)
        }
        fchmod(descriptor, 0o600)
        close(descriptor)
    }

    /// Whether both names lead to one file, by way of links too. False if one leads nowhere.
    package static func isSame(_ path: String, _ other: String) -> Bool {
        guard let file = FileKey(following: RawPath(path)) else { return false }
        return file == FileKey(following: RawPath(other))
    }
}

/// The files beside a database. SQLite opens them by name, rolls them back, and writes into them.
extension DatabaseFile {
    /// What the names of the files end with that SQLite keeps beside a database.
    package static let companions = ["-journal", "-wal", "-shm"]

    /// Throws if somebody may have planted the database or a file beside it to mislead SQLite: a FIFO would make it
    /// wait for ever, a hard link would make it write into another file, and another user's journal would change the
    /// database.
    package func refusePlanted(isWriting: Bool) throws(SQLiteError) {
        guard let database = try status(suffix: "") else { return }
        // A copy that consists of hard links may be read.
        if isWriting { try requireOneName(database, suffix: "") }
        let isShared = database.st_mode & 0o022 != 0
        for suffix in DatabaseFile.companions {
            guard let companion = try status(suffix: suffix) else { continue }
            try requireOneName(companion, suffix: suffix)
            guard isShared || [0, geteuid(), database.st_uid].contains(companion.st_uid) else {
                let reason = "it was created by user \(companion.st_uid), who may not write the database"
                throw SQLiteError(code: .cantOpen, message: reason, path: path + suffix)
            }
        }
    }

    /// nil if there is nothing of that name. Throws if it is not a regular file.
    private func status(suffix: String) throws(SQLiteError) -> stat? {
        var status = stat()
        guard lstat(resolvedPath + suffix, &status) == 0 else { return nil }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return status
        case S_IFLNK:
            throw SQLiteError(code: .cantOpenSymlink, message: "it is a symbolic link", path: path + suffix)
        case S_IFDIR:
            throw SQLiteError(
                code: .cantOpenDirectory, message: "it is a directory", path: path + suffix, systemErrno: EISDIR)
        default: throw SQLiteError(code: .cantOpen, message: "it is not a regular file", path: path + suffix)
        }
    }

    private func requireOneName(_ status: stat, suffix: String) throws(SQLiteError) {
        guard status.st_nlink > 1 else { return }
        let reason = "it has \(status.st_nlink) names (hard links)"
        throw SQLiteError(code: .cantOpen, message: reason, path: path + suffix)
    }
}
