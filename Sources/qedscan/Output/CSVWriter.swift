import ReportStore

/// RFC 4180: commas, double quotes where needed, CRLF. NULL is an empty field, a blob its hexadecimal digits.
struct CSVWriter: RowWriter {
    init(columns: [String]) { CSVWriter.writeLine(columns) }

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
        case .text(let text): text
        case .blob(let bytes): bytes.hexadecimal
        }
    }

    private static func quoted(_ field: String) -> String {
        let special: Set<Unicode.Scalar> = [",", "\"", "\r", "\n"]
        guard field.unicodeScalars.contains(where: special.contains) else { return field }
        let doubled = field.unicodeScalars.flatMap { $0 == "\"" ? [$0, $0] : [$0] }
        return "\"" + String(String.UnicodeScalarView(doubled)) + "\""
    }
}
