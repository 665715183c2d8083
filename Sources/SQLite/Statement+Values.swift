import CSQLite

/// How values pass to and from SQLite's memory. Lengths always go along: text may hold NULs.
extension Statement {
    /// Binds a value to a parameter, counted from 1 as SQLite does, and returns SQLite's code.
    func bindCode(_ value: SQLiteValue, to number: Int32) -> Int32 {
        switch value {
        case .null:
            return sqlite3_bind_null(handle, number)
        case .integer(let integer):
            return sqlite3_bind_int64(handle, number, integer)
        case .real(let real):
            return sqlite3_bind_double(handle, number, real)
        case .text(var text):
            return text.withUTF8 { utf8 in
                // A null pointer would bind NULL, and an empty text may come without an address.
                guard let address = utf8.baseAddress else {
                    return sqlite3_bind_text(handle, number, "", 0, csqlite_transient())
                }
                return address.withMemoryRebound(to: CChar.self, capacity: utf8.count) { characters in
                    let length = UInt64(utf8.count)
                    return sqlite3_bind_text64(
                        handle, number, characters, length, csqlite_transient(), UInt8(SQLITE_UTF8))
                }
            }
        case .blob(let bytes):
            return bytes.withUnsafeBytes { buffer in
                guard let address = buffer.baseAddress, buffer.count > 0 else {
                    return sqlite3_bind_zeroblob(handle, number, 0)
                }
                return sqlite3_bind_blob64(handle, number, address, UInt64(buffer.count), csqlite_transient())
            }
        }
    }

    /// The value of a column of the row at hand. Text that is not UTF-8 has its bad parts replaced by U+FFFD.
    ///
    /// - Throws: `SQLiteError` with `ResultCode.noMemory`, the one way SQLite can fail here.
    func value(at column: Int32) throws(SQLiteError) -> SQLiteValue {
        switch sqlite3_column_type(handle, column) {
        case SQLITE_INTEGER:
            return .integer(sqlite3_column_int64(handle, column))
        case SQLITE_FLOAT:
            return .real(sqlite3_column_double(handle, column))
        case SQLITE_TEXT:
            // The address first: asking for it may convert the text, which changes its length.
            guard let address = sqlite3_column_text(handle, column) else { throw outOfMemory }
            let length = Int(sqlite3_column_bytes(handle, column))
            return .text(String(decoding: UnsafeBufferPointer(start: address, count: length), as: UTF8.self))
        case SQLITE_BLOB:
            let address = sqlite3_column_blob(handle, column)
            let length = Int(sqlite3_column_bytes(handle, column))
            guard let address else {
                guard length == 0 else { throw outOfMemory }
                return .blob([])
            }
            return .blob(Array(UnsafeRawBufferPointer(start: address, count: length)))
        default:
            return .null
        }
    }

    /// An integer of the row at hand, by what SQLite makes of other values: 0 of NULL. For rows of which there are
    /// many.
    package func integer(at column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

    /// A whole number of the row at hand, without a value in between.
    ///
    /// - Throws: `SQLiteError` with `ResultCode.mismatch` for any other value.
    package func wholeNumber(at column: Int32) throws(SQLiteError) -> Int64 {
        guard sqlite3_column_type(handle, column) == SQLITE_INTEGER else {
            let name = columnNames[Int(column)]
            throw database.refusal(.mismatch, "column '\(name)' holds no whole number", sql: sql)
        }
        return sqlite3_column_int64(handle, column)
    }

    package func isNull(at column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }

    /// Calls a function with the bytes of a text or blob of the row at hand, which are there until it returns.
    package func withBytes<Result>(at column: Int32, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        // The address first: asking for it may convert the value, which changes its length.
        let address = sqlite3_column_blob(handle, column)
        return body(UnsafeRawBufferPointer(start: address, count: Int(sqlite3_column_bytes(handle, column))))
    }

    /// Whether a column of the row at hand holds a value.
    package func holds(_ value: SQLiteValue, at column: Int32) -> Bool {
        switch (value, sqlite3_column_type(handle, column)) {
        case (.null, SQLITE_NULL): true
        case (.integer(let integer), SQLITE_INTEGER): integer == sqlite3_column_int64(handle, column)
        case (.real(let real), SQLITE_FLOAT): real == sqlite3_column_double(handle, column)
        case (.text(var text), SQLITE_TEXT):
            text.withUTF8 { text in withBytes(at: column) { UnsafeRawBufferPointer(text).elementsEqual($0) } }
        case (.blob(let blob), SQLITE_BLOB): withBytes(at: column) { $0.elementsEqual(blob) }
        default: false
        }
    }

    private var outOfMemory: SQLiteError {
        database.refusal(.noMemory, "a value could not be read", sql: sql)
    }
}
