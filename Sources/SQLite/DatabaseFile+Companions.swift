import Glibc

/// What stands beside a database: SQLite opens it by its name, rolls it back, writes into it.
extension DatabaseFile {
    /// What SQLite keeps beside a database, by the ends of the names.
    package static let companions = ["-journal", "-wal", "-shm"]

    /// Throws unless the database and what SQLite keeps beside it, as far as they are there, are files that nobody has
    /// put there to lead SQLite astray: a FIFO would make it wait for ever, a hard link have it write into another file,
    /// and somebody else's journal change the database.
    package func refusePlanted(isWriting: Bool) throws(SQLiteError) {
        guard let database = try status(suffix: "") else { return }
        // A copy that is made of links may be read.
        if isWriting { try requireOneName(database, suffix: "") }
        let isShared = database.st_mode & 0o022 != 0
        for suffix in DatabaseFile.companions {
            guard let companion = try status(suffix: suffix) else { continue }
            try requireOneName(companion, suffix: suffix)
            guard isShared || [0, geteuid(), database.st_uid].contains(companion.st_uid) else {
                let reason = "user \(companion.st_uid) has made it, who may not write the store"
                throw SQLiteError(code: .cantOpen, message: reason, path: path + suffix)
            }
        }
    }

    /// nil if there is nothing of that name. Throws if it is no regular file.
    private func status(suffix: String) throws(SQLiteError) -> stat? {
        var status = stat()
        guard lstat(resolvedPath + suffix, &status) == 0 else { return nil }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return status
        case S_IFLNK:
            throw SQLiteError(code: .cantOpenSymlink, message: "it is a symbolic link", path: path + suffix)
        case S_IFDIR:
            throw SQLiteError(
                code: .cantOpenDirectory, message: "it is a folder", path: path + suffix, systemErrno: EISDIR)
        default: throw SQLiteError(code: .cantOpen, message: "it is not a regular file", path: path + suffix)
        }
    }

    private func requireOneName(_ status: stat, suffix: String) throws(SQLiteError) {
        guard status.st_nlink > 1 else { return }
        let reason = "it has \(status.st_nlink) names (hard links)"
        throw SQLiteError(code: .cantOpen, message: reason, path: path + suffix)
    }
}
