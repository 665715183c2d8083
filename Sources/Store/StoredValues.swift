import Files
import SQLite

// How values of the program become columns, and columns become values again.

extension RawPath {
    /// The columns `path` and `path_bytes`: the text of a path, and its bytes if the text does not have them all.
    var columns: (text: String, bytes: [UInt8]?) {
        // One pass over the bytes: this runs for every image.
        if let text = String(validating: bytes, as: UTF8.self) { return (text, nil) }
        return (text, bytes)
    }

    init(text: String, bytes: [UInt8]?) { self = bytes.map(RawPath.init(bytes:)) ?? RawPath(text) }

    /// Reads the columns `path` and `path_bytes`, which follow each other.
    init(_ row: Statement, at column: Int) throws(SQLiteError) {
        self.init(text: try row.column(column), bytes: try row.column(column + 1))
    }
}

extension FileIdentity {
    /// Reads five columns that follow each other: device, inode, size, and the times of modification and change. Device
    /// and inode are 64-bit patterns.
    ///
    /// - Parameter device: in place of the column's.
    init(_ row: Statement, at column: Int32, device: UInt64? = nil) throws(SQLiteError) {
        let stored = UInt64(bitPattern: try row.wholeNumber(at: column))
        self.init(
            device: device ?? stored,
            inode: UInt64(bitPattern: try row.wholeNumber(at: column + 1)),
            size: UInt64(max(try row.wholeNumber(at: column + 2), 0)),
            modificationTime: try row.wholeNumber(at: column + 3), changeTime: try row.wholeNumber(at: column + 4))
    }
}

extension Statement {
    /// A column that holds one of the program's words.
    ///
    /// - Throws: `SQLiteError` for a word that this program does not know.
    func name<Name: RawRepresentable<String>>(
        at index: Int, as type: Name.Type = Name.self
    ) throws(SQLiteError) -> Name {
        let text: String = try column(index)
        guard let name = Name(rawValue: text) else {
            throw database.refusal(.mismatch, "column '\(columnNames[index])' holds '\(text)', which is no \(type)")
        }
        return name
    }

    /// A column that may hold one of the program's words; nil for NULL and for a word that this program does not know.
    func optionalName<Name: RawRepresentable<String>>(at index: Int) throws(SQLiteError) -> Name? {
        try column(index, as: String?.self).flatMap(Name.init(rawValue:))
    }
}

/// JSON as the store keeps it. SQLite's functions write the elements; an array is joined here, since a function takes
/// at most 127 arguments.
enum JSONText {
    /// - Parameter elements: JSON, too.
    static func array(_ elements: some Sequence<String>) -> String { "[" + elements.joined(separator: ",") + "]" }

    static func array(of texts: [String], in database: Database) throws(SQLiteError) -> SQLiteValue {
        let quote = try database.prepare("SELECT json_quote(?)")
        var quoted: [String] = []
        for text in texts {
            try quote.bind(text)
            if try quote.step() { quoted.append(try quote.column(0)) }
        }
        return .text(array(quoted))
    }

    static func object(
        of members: [(name: String, value: SQLiteValue)], in database: Database
    ) throws(SQLiteError) -> SQLiteValue {
        let marks = members.map { _ in "?, ?" }.joined(separator: ", ")
        let values: [SQLiteValue] = members.flatMap { [.text($0.name), $0.value] }
        return try database.firstRow("SELECT json_object(\(marks))", values) { row throws(SQLiteError) in
            try row.column(0)
        } ?? .null
    }
}
