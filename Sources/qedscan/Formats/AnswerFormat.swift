import CommandSyntax
import SQLite
import Store

/// The formats in which rows are printed.
enum AnswerFormat: String, CaseIterable {
    /// Aligned columns for people; long texts are shortened to fit a terminal.
    case table
    /// RFC 4180, with a header line.
    case csv
    /// One array of objects.
    case json
    /// One object per line.
    case jsonl
    /// A table in GitHub's Markdown.
    case markdown
    /// A `<table>` for a page or an email.
    case html

    static let option = OptionSpec(
        "format", value: "FORMAT", kind: .oneOf(cases: AnswerFormat.self),
        help: "output format; on a terminal, table truncates long texts",
        default: AnswerFormat.table.rawValue)

    init(_ parsed: ParsedCommand) throws(UsageError) {
        self = try parsed.choice(of: "format", as: AnswerFormat.self) ?? .table
    }

    /// - Parameter roundsBytes: whether formats for people print columns whose names end in `_bytes` as `1.5 GiB`.
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

/// Prints rows to standard output.
protocol RowWriter {
    mutating func write(_ row: [SQLiteValue])
    /// After the last row.
    mutating func finish()
}
