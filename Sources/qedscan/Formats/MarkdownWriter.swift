import SQLite
import Store

/// A table in GitHub's Markdown. The text of a cell cannot end the cell or the line, and is never markup.
struct MarkdownWriter: RowWriter {
    private let columns: [String]
    private let roundsBytes: Bool

    init(columns: [String], roundsBytes: Bool) {
        self.columns = columns
        self.roundsBytes = roundsBytes
        MarkdownWriter.writeLine(columns.map { MarkdownWriter.escaping(TableWriter.text(.text($0))) })
        MarkdownWriter.writeLine(columns.map { _ in "---" })
    }

    mutating func write(_ row: [SQLiteValue]) {
        let cells = zip(columns, row).map { TableWriter.cell($0, $1, roundsBytes: roundsBytes) }
        MarkdownWriter.writeLine(cells.map(MarkdownWriter.escaping))
    }

    mutating func finish() {}

    private static func writeLine(_ cells: [String]) {
        StandardOutput.writeLine("| " + cells.joined(separator: " | ") + " |")
    }

    /// - Parameter text: printable, on one line.
    private static func escaping(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\\", "|", "`", "*", "_", "[", "]", "~", "$": escaped += "\\" + String(scalar)
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
