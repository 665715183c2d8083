import Files
import Glibc

/// A failed call to SQLite, or a request refused before SQLite was asked.
package struct SQLiteError: Error, Equatable {
    /// The extended result code.
    package let code: ResultCode
    /// SQLite's message, or this program's own where it refused.
    package let message: String
    /// The statement that failed, if there was one.
    package let sql: String?
    /// The database file, as the caller named it.
    package let path: String
    /// What the operating system said, where the failure was a system call's.
    package let systemErrno: Int32?

    package init(
        code: ResultCode, message: String, sql: String? = nil, path: String, systemErrno: Int32? = nil
    ) {
        self.code = code
        self.message = message
        self.sql = sql
        self.path = path
        self.systemErrno = systemErrno
    }
}

extension SQLiteError: CustomStringConvertible {
    /// One sentence for an administrator, on one line and without control characters.
    package var description: String {
        "\(path) \(predicate)".escapingControlCharacters
    }

    /// What is said of the path: first by the extended code, then by the primary one.
    private var predicate: String {
        switch code {
        case .cantOpenSymlink: "is a symbolic link, which is not followed; name the file itself"
        case .readOnlyDirectory: "cannot be written: its directory is read-only to this user"
        case .readOnlyMoved: "was moved or removed while it was open"
        case .readOnlyRollback, .readOnlyRecovery, .readOnlyCantInit:
            "needs recovery after a crash, or a writer has it open: the next command that writes to it recovers it"
        case .shortRead: "ends too early: it was truncated"
        default: primaryPredicate
        }
    }

    private var primaryPredicate: String {
        switch code.primary {
        case .full: "cannot grow: the disk or quota is full (nothing of the unfinished transaction was kept)"
        case .readOnly: "cannot be written: it is read-only to this user or this connection"
        case .notADatabase: "is not a SQLite database"
        case .busy: "is locked by another process"
        case .locked: "is locked by another statement of this process"
        case .cantOpen: "cannot be opened: \(systemReason)"
        case .ioError: "could not be read or written: \(systemReason)"
        case .corrupt: "is damaged: \(message)"
        case .interrupted: "returned no result: the statement was interrupted"
        case .noMemory: "cannot be used: out of memory"
        case .constraint: "refused a row: \(message)\(excerpt)"
        default: "reported an error: \(message)\(excerpt)"
        }
    }

    private var systemReason: String {
        guard let systemErrno, systemErrno != 0 else { return message }
        return String(cString: strerror(systemErrno))
    }

    /// The statement's beginning, for errors that are the statement's own.
    private var excerpt: String {
        guard let sql else { return "" }
        let words = sql.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        let limit = 120
        return words.count <= limit ? " (in: \(words))" : " (in: \(words.prefix(limit))…)"
    }
}
