import SQLite
import Store

/// One `<table>` for a page or an email, without styles, scripts or anything to load.
///
/// The output is ASCII, so that the character set of the page does not matter.
struct HTMLWriter: RowWriter {
    private let columns: [String]
    private let roundsBytes: Bool

    init(columns: [String], roundsBytes: Bool) {
        self.columns = columns
        self.roundsBytes = roundsBytes
        let heads = columns.map { "<th scope=\"col\">\(HTMLWriter.escaping(TableWriter.text(.text($0))))</th>" }
        StandardOutput.writeLine("<table>\n<thead>\n<tr>\(heads.joined())</tr>\n</thead>\n<tbody>")
    }

    mutating func write(_ row: [SQLiteValue]) {
        let cells = zip(columns, row).map { column, value in
            let text = HTMLWriter.escaping(TableWriter.cell(column, value, roundsBytes: roundsBytes))
            // Many mail programs drop styles, but keep this attribute.
            return value.isNumberOrNull ? "<td align=\"right\">\(text)</td>" : "<td>\(text)</td>"
        }
        StandardOutput.writeLine("<tr>\(cells.joined())</tr>")
    }

    mutating func finish() { StandardOutput.writeLine("</tbody>\n</table>") }

    /// - Parameter text: printable, on one line.
    private static func escaping(_ text: String) -> String {
        XML.escaping(text).unicodeScalars.reduce(into: "") { escaped, scalar in
            if scalar.isASCII { escaped.unicodeScalars.append(scalar) } else { escaped += "&#\(scalar.value);" }
        }
    }
}
