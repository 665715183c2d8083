import Files
import Glibc

/// Where a database file is, and its creation. Existing files are never opened here: closing any descriptor of a file
/// drops the POSIX locks that SQLite holds on it in this process (<https://www.sqlite.org/howtocorrupt.html>).
package struct DatabaseFile {
    /// The path as the caller gave it, for messages.
    package let path: String
    /// The path with its folder free of links, so that only the last component may turn out to be one.
    /// It is absolute, hence never taken for a `file:` URI or `:memory:`.
    package let resolvedPath: String

    /// Resolves the folder, which must exist; the file need not.
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
            throw SQLiteError(code: .cantOpenDirectory, message: "it is a folder", path: path, systemErrno: EISDIR)
        }
        self.path = path
        do throws(SystemError) {
            resolvedPath = String(
                decoding: try given.directory.resolved().appending(given.lastName).bytes, as: UTF8.self)
        } catch {
            throw SQLiteError(
                code: .cantOpen, message: "its folder is not there", path: path, systemErrno: error.code)
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
