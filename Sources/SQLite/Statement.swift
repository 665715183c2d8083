import CSQLite

/// A prepared statement. It keeps its database open, and may be run any number of times; the caller keeps those worth
/// keeping.
package final class Statement {
    package let database: Database
    /// The statement's text without blanks before it.
    package let sql: String

    let handle: OpaquePointer

    init(_ handle: OpaquePointer, sql: String, database: Database) {
        self.handle = handle
        self.sql = sql
        self.database = database
    }

    deinit {
        sqlite3_finalize(handle)
    }

    // MARK: - What it is

    /// Whether the statement writes to no database file by itself. True also for `BEGIN`, `COMMIT` and `ATTACH`:
    /// for a user's SQL use a connection that is `restrictToQueries()` too.
    package var isReadOnly: Bool {
        sqlite3_stmt_readonly(handle) != 0
    }

    /// The number of columns a row has; 0 for a statement that gives no rows.
    package var columnCount: Int {
        Int(sqlite3_column_count(handle))
    }

    /// The columns' names; for an expression without `AS`, its text.
    package var columnNames: [String] {
        (0..<sqlite3_column_count(handle)).map { column in
            sqlite3_column_name(handle, column).map { String(cString: $0) } ?? ""
        }
    }

    /// The parameters' names in order, with their sign (`:path`, `@path`, `$path`, `?2`); nil for a plain `?`.
    package var parameterNames: [String?] {
        (0..<parameterCount).map { parameterName(at: $0) }
    }

    // MARK: - Binding

    /// Resets the statement and gives all its parameters values, in order.
    ///
    /// - Throws: `SQLiteError` if there are not exactly as many values as parameters, or one has no exact form in
    ///   SQLite.
    package func bind(_ values: (any SQLiteBindable)?...) throws(SQLiteError) {
        try bind(values)
    }

    /// Resets the statement and gives all its parameters values, in order.
    package func bind(_ values: [(any SQLiteBindable)?]) throws(SQLiteError) {
        reset()
        try requireCount(values.count)
        for (index, value) in values.enumerated() {
            try bind(value, at: index)
        }
    }

    /// Resets the statement and gives all its parameters values, in order: the way for a row of which there are many.
    ///
    /// - Parameter last: one more, after those of the row.
    package func bind(_ row: [SQLiteValue], and last: SQLiteValue? = nil) throws(SQLiteError) {
        reset()
        try requireCount(row.count + (last == nil ? 0 : 1))
        var number: Int32 = 0
        for value in row {
            number &+= 1
            let code = bindCode(value, to: number)
            guard code == SQLITE_OK else { throw database.failure(code, sql: sql) }
        }
        guard let last else { return }
        let code = bindCode(last, to: number &+ 1)
        guard code == SQLITE_OK else { throw database.failure(code, sql: sql) }
    }

    /// Gives the parameter of that name, sign included, a value, which it keeps until the next. Only on a reset
    /// statement.
    package func bind(_ value: (any SQLiteBindable)?, named name: String) throws(SQLiteError) {
        let number = sqlite3_bind_parameter_index(handle, name)
        guard number > 0, !name.utf8.contains(0) else {
            throw database.refusal(.range, "the statement has no parameter '\(name)'", sql: sql)
        }
        try bind(value, at: Int(number) - 1)
    }

    /// Gives the parameter at `index`, counted from 0, a value, which it keeps until the next. Only on a reset
    /// statement.
    package func bind(_ value: (any SQLiteBindable)?, at index: Int) throws(SQLiteError) {
        guard let sqliteValue = value.map(\.sqliteValue) ?? .null else {
            let name = parameterName(at: index) ?? String(index + 1)
            let number = value.map { "\($0)" } ?? "NULL"
            let text = "parameter \(name) cannot hold \(number): the largest integer is \(Int64.max)"
            throw database.refusal(.mismatch, text, sql: sql)
        }
        let code = bindCode(sqliteValue, to: Int32(clamping: index) &+ 1)
        guard code == SQLITE_OK else { throw database.failure(code, sql: sql) }
    }

    // MARK: - Running

    /// Runs on to the next row. Returns false when there is none; the statement is then reset and lets go of its locks.
    ///
    /// - Throws: `SQLiteError`, with the statement reset.
    package func step() throws(SQLiteError) -> Bool {
        let code = sqlite3_step(handle)
        if code == SQLITE_ROW { return true }
        // Taken before the reset, which may change the message.
        let error = code == SQLITE_DONE ? nil : database.failure(code, sql: sql)
        reset()
        if let error { throw error }
        return false
    }

    /// Runs to the end, passing over any rows, with the values bound already.
    package func run() throws(SQLiteError) {
        reset()
        while try step() {}
    }

    /// Binds all parameters and runs to the end, passing over any rows.
    package func run(_ values: (any SQLiteBindable)?...) throws(SQLiteError) {
        try bind(values)
        while try step() {}
    }

    /// Binds all parameters and runs to the end, passing over any rows.
    package func run(row: [SQLiteValue], and last: SQLiteValue? = nil) throws(SQLiteError) {
        try bind(row, and: last)
        while try step() {}
    }

    /// Goes back to the start and lets go of locks. Bound values stay.
    package func reset() {
        // The code is that of the last step, which has been reported.
        sqlite3_reset(handle)
    }

    // MARK: - Columns of the row at hand

    /// The value of a column, counted from 0, in a type of the caller's choice; an optional type takes NULL as nil.
    ///
    /// - Throws: `SQLiteError` if the value is of another class, out of the type's range, or there is no such column.
    package func column<Value: SQLiteReadable>(
        _ index: Int, as type: Value.Type = Value.self
    ) throws(SQLiteError) -> Value {
        guard index >= 0, index < columnCount else {
            throw database.refusal(.range, "there is no column \(index): it has \(columnCount)", sql: sql)
        }
        let stored = try value(at: Int32(index))
        guard let value = Value(sqliteValue: stored) else {
            let text = "column '\(columnNames[index])' holds \(stored.typeName), which cannot be read as \(type)"
            throw database.refusal(.mismatch, text, sql: sql)
        }
        return value
    }

    /// The whole row.
    package func row() throws(SQLiteError) -> [SQLiteValue] {
        var values: [SQLiteValue] = []
        for index in 0..<sqlite3_data_count(handle) {
            values.append(try value(at: index))
        }
        return values
    }
}

// MARK: - Non-package

extension Statement {
    private var parameterCount: Int {
        Int(sqlite3_bind_parameter_count(handle))
    }

    private func requireCount(_ count: Int) throws(SQLiteError) {
        guard count != parameterCount else { return }
        let text = "the statement has \(parameterCount) parameters, but \(count) values were given"
        throw database.refusal(.range, text, sql: sql)
    }

    private func parameterName(at index: Int) -> String? {
        sqlite3_bind_parameter_name(handle, Int32(clamping: index) &+ 1).map { String(cString: $0) }
    }
}

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
