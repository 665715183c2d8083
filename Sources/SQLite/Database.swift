import CSQLite
import Glibc

/// One connection to an SQLite database file.
///
/// A connection and its statements belong to one thread or serial queue at a time: SQLite's own locking is off for it.
/// Not `Sendable` for that reason; the owner confines it.
package final class Database {
    /// What a connection may do to the file.
    package enum Mode: Sendable {
        /// Reads an existing file.
        case readOnly
        /// Reads and writes an existing file.
        case readWrite
        /// Like `readWrite`, and first creates an empty file with mode 0600 if there is none. Its directory must exist.
        case create
    }

    /// The file, as the caller named it.
    package let path: String
    package let mode: Mode

    /// Nil once closed.
    private var connection: OpaquePointer?

    /// Opens the file. Its content is first looked at by the first statement that needs it.
    ///
    /// The last component of `path` must not be a symbolic link; its directories may be. It and what SQLite keeps
    /// beside it must be regular files: see `DatabaseFile.refusePlanted`.
    ///
    /// - Parameter busyTimeout: how long a statement waits for other connections' locks before it fails with
    ///   `ResultCode.busy`.
    /// - Throws: `SQLiteError` if the file cannot be opened, or not for writing where the mode asks for that.
    package init(path: String, mode: Mode, busyTimeout: Duration = .seconds(5)) throws(SQLiteError) {
        let file = try DatabaseFile(path: path)
        if mode == .create {
            try file.createIfMissing()
        }
        try file.refusePlanted(isWriting: mode != .readOnly)
        Self.configureLibrary
        let connection = try Self.open(file, mode: mode)
        self.path = path
        self.mode = mode
        self.connection = connection
        sqlite3_busy_timeout(connection, busyTimeout.wholeMilliseconds)
        try harden(connection)
    }

    /// A database of its own in memory, gone with the connection.
    package init(inMemory: Void) throws(SQLiteError) {
        Self.configureLibrary
        path = "memory"
        mode = .create
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
        var opened: OpaquePointer?
        let code = sqlite3_open_v2(":memory:", &opened, flags, nil)
        connection = opened
        guard code == SQLITE_OK, let opened else {
            throw Self.failure(code == SQLITE_OK ? SQLITE_NOMEM : code, connection: opened, sql: nil, path: path)
        }
        try harden(opened)
    }

    deinit {
        sqlite3_close_v2(connection)
    }

    /// Closes the connection, which gives up its locks. Every later use of it throws.
    ///
    /// - Throws: `SQLiteError` with `ResultCode.misuse` while statements of it are alive; it then stays open.
    package func close() throws(SQLiteError) {
        guard let connection else { return }
        guard sqlite3_next_stmt(connection, nil) == nil else {
            throw refusal(.misuse, "it cannot be closed while statements of it are in use")
        }
        self.connection = nil
        sqlite3_close_v2(connection)
    }

    // MARK: - Running SQL

    /// Prepares SQL text that must hold exactly one statement; white space, comments and semicolons around it are fine.
    ///
    /// - Throws: `SQLiteError` if the text is not valid, holds no statement, or more than one.
    package func prepare(_ sql: String) throws(SQLiteError) -> Statement {
        var script = try SQLScript(sql, database: self)
        guard let statement = try script.next() else {
            throw refusal(.error, "the SQL text holds no statement", sql: sql)
        }
        guard script.isAtEnd else {
            throw refusal(.error, "the SQL text holds more than one statement", sql: sql)
        }
        return statement
    }

    /// Runs all statements of the text in turn, passing over the rows they give. Stops at the first that fails.
    package func execute(_ sql: String) throws(SQLiteError) {
        var script = try SQLScript(sql, database: self)
        while let statement = try script.next() {
            try statement.run()
        }
    }

    /// Runs one statement and makes a value of each row.
    package func rows<Row>(
        _ sql: String, _ values: [(any SQLiteBindable)?] = [], _ make: (Statement) throws(SQLiteError) -> Row
    ) throws(SQLiteError) -> [Row] {
        let statement = try prepare(sql)
        try statement.bind(values)
        var rows: [Row] = []
        while try statement.step() { rows.append(try make(statement)) }
        return rows
    }

    /// Runs one statement and makes a value of its first row; nil if there is no row.
    package func firstRow<Row>(
        _ sql: String, _ values: [(any SQLiteBindable)?] = [], _ make: (Statement) throws(SQLiteError) -> Row
    ) throws(SQLiteError) -> Row? {
        let statement = try prepare(sql)
        try statement.bind(values)
        return try statement.step() ? try make(statement) : nil
    }

    /// Runs one statement and gives the first column of its first row, `.null` if there is no row.
    package func scalar(_ sql: String, _ values: (any SQLiteBindable)?...) throws(SQLiteError) -> SQLiteValue {
        let statement = try prepare(sql)
        try statement.bind(values)
        return try statement.step() ? statement.column(0) : .null
    }

    /// The row ID of the last row inserted through this connection, 0 before the first.
    package var lastInsertRowID: Int64 {
        connection.map(sqlite3_last_insert_rowid) ?? 0
    }

    /// How many rows the last INSERT, UPDATE or DELETE changed by itself, not counting triggers and cascades.
    package var changes: Int64 {
        connection.map(sqlite3_changes64) ?? 0
    }

    /// Whether a transaction is open on this connection.
    package var isInTransaction: Bool {
        connection.map { sqlite3_get_autocommit($0) == 0 } ?? false
    }

    // MARK: - Non-package

    /// The handle for SQLite's functions; throws once the connection is closed.
    package func openConnection() throws(SQLiteError) -> OpaquePointer {
        guard let connection else { throw refusal(.misuse, "the connection is closed") }
        return connection
    }

    /// The error for a code that SQLite just returned on this connection.
    package func failure(_ code: Int32, sql: String? = nil) -> SQLiteError {
        let error = Self.failure(code, connection: connection, sql: sql, path: path)
        // The file itself is open. SQLite says ENOENT of a log's index that it may not make.
        guard error.code == .cantOpen, error.systemErrno == ENOENT, sql?.hasPrefix("ATTACH") != true,
            access(path, F_OK) == 0
        else { return error }
        return refusal(.cantOpen, "this user may not read or create its -wal and -shm files")
    }

    /// The error for something this program refuses before SQLite is asked.
    package func refusal(_ code: ResultCode, _ message: String, sql: String? = nil) -> SQLiteError {
        SQLiteError(code: code, message: message, sql: sql, path: path)
    }

    private static func failure(_ code: Int32, connection: OpaquePointer?, sql: String?, path: String) -> SQLiteError {
        let code = ResultCode(rawValue: code)
        let message = connection.map { String(cString: sqlite3_errmsg($0)) } ?? code.description
        // The errno is left over from an earlier call unless this failure is a system call's.
        let isSystemFailure = code.primary == .ioError || code.primary == .cantOpen
        let systemErrno = isSystemFailure ? connection.map(sqlite3_system_errno) : nil
        return SQLiteError(code: code, message: message, sql: sql, path: path, systemErrno: systemErrno)
    }

    /// Set once, before the first connection. If it is refused, the program is slower, no more.
    private static let configureLibrary: Void = { _ = csqlite_omit_memory_statistics() }()

    private static func open(_ file: DatabaseFile, mode: Mode) throws(SQLiteError) -> OpaquePointer {
        let access = mode == .readOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE
        // With URIs for `attach`. An absolute path is never taken for one.
        let flags =
            access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_URI
        var opened: OpaquePointer?
        let code = sqlite3_open_v2(file.resolvedPath, &opened, flags, nil)
        guard code == SQLITE_OK, let connection = opened else {
            // A handle may come with the error, and holds its message.
            let error = failure(code == SQLITE_OK ? SQLITE_NOMEM : code, connection: opened, sql: nil, path: file.path)
            sqlite3_close_v2(opened)
            throw error
        }
        // Asked to write a file it may only read, SQLite opens it for reading and says nothing.
        guard mode == .readOnly || sqlite3_db_readonly(connection, "main") == 0 else {
            sqlite3_close_v2(connection)
            throw SQLiteError(code: .readOnly, message: "it may only be read", path: file.path)
        }
        return connection
    }

    /// Foreign keys are enforced, and a database file that someone crafted can do less: no unsafe functions from its
    /// views and triggers, no writes to its schema table, pages checked when read. A word in double quotes is always a
    /// name: taken for text if no column has it, a misspelt column would go unseen.
    private func harden(_ connection: OpaquePointer) throws(SQLiteError) {
        let options: [(option: Int32, on: Int32)] = [
            (SQLITE_DBCONFIG_ENABLE_FKEY, 1), (SQLITE_DBCONFIG_DEFENSIVE, 1), (SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0),
            (SQLITE_DBCONFIG_DQS_DDL, 0), (SQLITE_DBCONFIG_DQS_DML, 0),
        ]
        for (option, on) in options {
            let code = csqlite_set_option(connection, option, on)
            guard code == SQLITE_OK else { throw failure(code) }
        }
        try execute("PRAGMA cell_size_check = ON")
    }
}

extension Duration {
    /// For SQLite, which takes a timeout as an `int` of milliseconds.
    fileprivate var wholeMilliseconds: Int32 {
        let (seconds, attoseconds) = components
        let (milliseconds, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        guard !overflow else { return seconds < 0 ? 0 : .max }
        return Int32(clamping: milliseconds + attoseconds / 1_000_000_000_000_000)
    }
}

/// Other databases on the same connection.
extension Database {
    /// Attaches a database to be read only, under a schema name of the program's.
    ///
    /// - Throws: `SQLiteError` if it is not there or not a file that may be opened, see `DatabaseFile.refusePlanted`.
    ///   What is in it is first looked at by the first statement that needs it.
    package func attach(_ path: String, as schema: String) throws(SQLiteError) {
        let file = try DatabaseFile(path: path)
        try file.refusePlanted(isWriting: false)
        try prepare("ATTACH ? AS \(schema)").run("file:\(Database.uriPath(file.resolvedPath))?mode=ro")
    }

    package func detach(_ schema: String) throws(SQLiteError) { try execute("DETACH \(schema)") }

    /// An absolute path as a URI has it (<https://www.sqlite.org/uri.html>).
    private static func uriPath(_ path: String) -> String {
        let plain = Set("/-._~ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)
        var text = ""
        for byte in path.utf8 {
            if plain.contains(byte) {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                text += "%" + (digits.utf8.count < 2 ? "0" : "") + digits
            }
        }
        return text
    }
}
