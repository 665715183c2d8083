import Files
import SQLite
import Store

/// A row of the store, its values by the names of its columns.
struct PageRow {
    private let columns: [String: Int]
    private let values: [SQLiteValue]

    subscript(_ column: String) -> SQLiteValue { columns[column].map { values[$0] } ?? .null }

    /// Nil for NULL.
    func integer(_ column: String) -> Int64? {
        if case .integer(let number) = self[column] { number } else { nil }
    }

    func count(_ column: String) -> Int64 { integer(column) ?? 0 }

    /// Printable; nil for NULL.
    func text(_ column: String) -> String? { self[column] == .null ? nil : TableWriter.text(self[column]) }

    /// As the store has it; nil for NULL.
    func exactText(_ column: String) -> String? {
        if case .text(let text) = self[column] { text } else { nil }
    }

    /// The exact name of the image in `path` and `path_bytes`.
    var path: RawPath {
        if case .blob(let bytes) = self["path_bytes"] { return RawPath(bytes: bytes) }
        if case .text(let text) = self["path"] { return RawPath(text) }
        return RawPath(bytes: [])
    }

    /// All rows of a question.
    static func all(
        _ database: Database, _ sql: String, _ values: (any SQLiteBindable)?...
    ) throws(SQLiteError) -> [PageRow] {
        let statement = try database.prepare(sql)
        try statement.bind(values)
        let columns = Dictionary(statement.columnNames.enumerated().map { ($1, $0) }, uniquingKeysWith: { $1 })
        var rows: [PageRow] = []
        while try statement.step() { rows.append(PageRow(columns: columns, values: try statement.row())) }
        return rows
    }
}
