import CommandSyntax
import SQLite
import Store

/// How the rows of an answer are printed.
enum AnswerFormat: String, CaseIterable {
    /// Aligned columns for people; on a terminal, long texts are shortened if it is too narrow.
    case table
    /// RFC 4180, with a header line.
    case csv
    /// One array of objects.
    case json
    /// One object a line.
    case jsonl
    /// A table as GitHub renders it.
    case markdown
    /// A `<table>` to put into a page or a mail.
    case html

    static let option = OptionSpec(
        "format", value: "FORMAT", kind: .oneOf(cases: AnswerFormat.self),
        help: "how rows are printed; on a terminal a table's long texts are cut to fit it",
        default: AnswerFormat.table.rawValue)

    init(_ parsed: ParsedCommand) throws(UsageError) {
        self = try parsed.choice(of: "format", as: AnswerFormat.self) ?? .table
    }

    /// - Parameter roundsBytes: for people: in a table, columns whose names end in `_bytes` read as `1.5 GiB`.
    func writer(columns: [String], palette: Palette, roundsBytes: Bool = false) -> any RowWriter {
        switch self {
        case .table: TableWriter(columns: columns, palette: palette, roundsBytes: roundsBytes)
        case .csv: CSVWriter(columns: columns)
        case .json: JSONArrayWriter(columns: columns)
        case .jsonl: JSONLinesWriter(columns: columns)
        case .markdown: MarkdownWriter(columns: columns, roundsBytes: roundsBytes)
        case .html: HTMLWriter(columns: columns, roundsBytes: roundsBytes)
        }
    }
}

/// Prints rows to standard output as they come.
protocol RowWriter {
    mutating func write(_ row: [SQLiteValue])
    /// After the last row.
    mutating func finish()
}
