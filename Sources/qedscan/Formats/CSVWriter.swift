import SQLite
import Store

/// RFC 4180: commas, double quotes where needed, CRLF. NULL is an empty field, a blob its hexadecimal digits.
///
/// Spreadsheets treat a cell that begins with `=`, `+`, `-`, `@`, a tab or a CR as a formula, and somebody may name a file
/// so that it runs one. Such a text gets an apostrophe before it. JSON has the exact text.
struct CSVWriter: RowWriter {
    init(columns: [String]) { CSVWriter.writeLine(columns.map(CSVWriter.defused)) }

    mutating func write(_ row: [SQLiteValue]) { CSVWriter.writeLine(row.map(CSVWriter.field)) }

    mutating func finish() {}

    private static func writeLine(_ fields: [String]) {
        StandardOutput.write(fields.map(quoted).joined(separator: ",") + "\r\n")
    }

    private static func field(_ value: SQLiteValue) -> String {
        switch value {
        case .null: ""
        case .integer(let number): String(number)
        case .real(let number): String(number)
        case .text(let text): defused(text)
        case .blob(let bytes): bytes.hexadecimal
        }
    }

    private static func defused(_ text: String) -> String {
        switch text.unicodeScalars.first {
        case "=", "+", "-", "@", "\t", "\r": "'" + text
        default: text
        }
    }

    private static func quoted(_ field: String) -> String {
        let isSpecial = field.utf8.contains {
            $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\"") || $0 == 0x0D || $0 == 0x0A
        }
        guard isSpecial else { return field }
        let doubled = field.unicodeScalars.flatMap { $0 == "\"" ? [$0, $0] : [$0] }
        return "\"" + String(String.UnicodeScalarView(doubled)) + "\""
    }
}
