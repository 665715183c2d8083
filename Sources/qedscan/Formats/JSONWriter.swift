import SQLite

/// One JSON array of objects, one object per line.
struct JSONArrayWriter: RowWriter {
    private let columns: [String]
    private var isEmpty = true

    init(columns: [String]) { self.columns = columns }

    mutating func write(_ row: [SQLiteValue]) {
        StandardOutput.write(isEmpty ? "[\n  " : ",\n  ")
        StandardOutput.write(JSON.object(columns, row).text)
        isEmpty = false
    }

    mutating func finish() { StandardOutput.write(isEmpty ? "[]\n" : "\n]\n") }
}

/// One JSON object per line.
struct JSONLinesWriter: RowWriter {
    private let columns: [String]

    init(columns: [String]) { self.columns = columns }

    mutating func write(_ row: [SQLiteValue]) { StandardOutput.writeLine(JSON.object(columns, row).text) }

    mutating func finish() {}
}
