import SQLite
import Store

/// One JSON array of objects, an object a line.
struct JSONArrayWriter: RowWriter {
    private let columns: [String]
    private var isEmpty = true

    init(columns: [String]) { self.columns = columns }

    mutating func write(_ row: [SQLiteValue]) {
        StandardOutput.write(isEmpty ? "[\n  " : ",\n  ")
        StandardOutput.write(JSON.object(zip(columns, row)))
        isEmpty = false
    }

    mutating func finish() { StandardOutput.write(isEmpty ? "[]\n" : "\n]\n") }
}

/// One JSON object a line.
struct JSONLinesWriter: RowWriter {
    private let columns: [String]

    init(columns: [String]) { self.columns = columns }

    mutating func write(_ row: [SQLiteValue]) { StandardOutput.writeLine(JSON.object(zip(columns, row))) }

    mutating func finish() {}
}

/// JSON text (RFC 8259) of values of the store.
enum JSON {
    static func object(_ members: some Sequence<(String, SQLiteValue)>) -> String {
        "{" + members.map { "\(string($0)): \(value($1))" }.joined(separator: ", ") + "}"
    }

    static func array(_ rows: [[SQLiteValue]], columns: [String]) -> String {
        "[" + rows.map { object(zip(columns, $0)) }.joined(separator: ", ") + "]"
    }

    /// A blob is a string of its hexadecimal digits; numbers that JSON lacks are null.
    static func value(_ value: SQLiteValue) -> String {
        switch value {
        case .null: "null"
        case .integer(let number): String(number)
        case .real(let number): number.isFinite ? String(number) : "null"
        case .text(let text): string(text)
        case .blob(let bytes): string(bytes.hexadecimal)
        }
    }

    static func string(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            case _ where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value):
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
