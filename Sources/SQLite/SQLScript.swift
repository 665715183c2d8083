import CSQLite

/// The statements of an SQL text, prepared one after the other: each only when those before it have been run, as it may
/// need the tables they make.
struct SQLScript {
    private let database: Database
    /// The text and a closing NUL, which spares SQLite a copy for each statement.
    private let bytes: [UInt8]
    private var offset = 0

    /// - Throws: `SQLiteError` for a text with a NUL, where SQLite would silently stop reading.
    init(_ sql: String, database: Database) throws(SQLiteError) {
        guard !sql.utf8.contains(0) else {
            throw database.refusal(.error, "the SQL text has a NUL character in it", sql: sql)
        }
        self.database = database
        bytes = Array(sql.utf8) + [0]
    }

    /// Whether only white space, comments and semicolons are left.
    var isAtEnd: Bool {
        SQLScanner(rest).isBlank
    }

    /// Prepares the next statement; nil at the end of the text.
    mutating func next() throws(SQLiteError) -> Statement? {
        let connection = try database.openConnection()
        while !isAtEnd {
            let (code, handle, length) = prepare(connection)
            guard code == SQLITE_OK else {
                throw database.failure(code, sql: SQLScanner(rest).withoutLeadingBlanks)
            }
            let text = SQLScanner(rest.prefix(length)).withoutLeadingBlanks
            offset += length
            // SQLite makes no statement of blanks, and says so only by leaving the handle empty.
            if let handle { return Statement(handle, sql: text, database: database) }
        }
        return nil
    }

    private var rest: ArraySlice<UInt8> {
        bytes[offset...].dropLast()
    }

    /// The statement at the offset, and how many bytes of the text it takes up.
    private func prepare(_ connection: OpaquePointer) -> (code: Int32, handle: OpaquePointer?, length: Int) {
        bytes[offset...].withUnsafeBytes { buffer in
            let start = buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
            var handle: OpaquePointer?
            var tail = start
            let code = sqlite3_prepare_v2(connection, start, Int32(clamping: buffer.count), &handle, &tail)
            guard let start, let tail else { return (code, handle, buffer.count) }
            return (code, handle, tail - start)
        }
    }
}
