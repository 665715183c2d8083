import CSystem
import CommandSyntax
import ReportStore

/// Aligned columns: numbers to the right, text to the left, nothing that could disturb a terminal.
///
/// Holds all rows, since the widest cell of a column sets its width.
struct TableWriter: RowWriter {
    private let columns: [String]
    private let palette: Palette
    private let roundsBytes: Bool
    private var rows: [[SQLiteValue]] = []

    /// - Parameter roundsBytes: whether columns whose names end in `_bytes` read as `1.5 GiB`.
    init(columns: [String], palette: Palette, roundsBytes: Bool) {
        self.roundsBytes = roundsBytes
        self.columns = columns
        self.palette = palette
    }

    mutating func write(_ row: [SQLiteValue]) { rows.append(row) }

    mutating func finish() {
        let heads = columns.map { TableWriter.text(.text($0)) }
        let cells = rows.map { zip(columns, $0).map { TableWriter.cell($0, $1, roundsBytes: roundsBytes) } }
        let widths = columns.indices.map { column in
            cells.reduce(TableWriter.width(of: heads[column])) { max($0, TableWriter.width(of: $1[column])) }
        }
        let isNumber = columns.indices.map { column in
            !rows.isEmpty && rows.allSatisfy { $0[column].isNumberOrNull }
        }
        func line(_ texts: [String]) -> String {
            let padded = texts.indices.map { column in
                let blanks = String(repeating: " ", count: widths[column] - TableWriter.width(of: texts[column]))
                return isNumber[column] ? blanks + texts[column] : texts[column] + blanks
            }
            return padded.joined(separator: "  ").trimmingTrailingBlanks
        }
        StandardOutput.writeLine(palette.bold(line(heads)))
        for row in cells { StandardOutput.writeLine(line(row)) }
    }

    /// A value as people read it, on one line.
    static func cell(_ column: String, _ value: SQLiteValue, roundsBytes: Bool) -> String {
        if roundsBytes, case .integer(let number) = value, column.hasSuffix("_bytes") { return ByteCount.text(number) }
        return TableWriter.text(value)
    }

    /// A value as one cell, without anything that could disturb a terminal.
    static func text(_ value: SQLiteValue) -> String {
        switch value {
        case .null: "-"
        case .integer(let number): String(number)
        case .real(let number): String(number)
        case .text(let text): PrintableText.escaping(text, doublingBackslashes: false)
        case .blob(let bytes): bytes.hexadecimal
        }
    }

    /// Columns of a terminal that a text takes.
    private static func width(of text: String) -> Int {
        text.unicodeScalars.reduce(0) { $0 + max(Int(csystem_wcwidth($1.value)), 0) }
    }
}

extension SQLiteValue {
    var isNumberOrNull: Bool {
        switch self {
        case .integer, .real, .null: true
        case .text, .blob: false
        }
    }
}

extension String {
    fileprivate var trimmingTrailingBlanks: String {
        String(self[..<(lastIndex { $0 != " " }.map(index(after:)) ?? startIndex)])
    }
}

extension [UInt8] {
    /// Two digits a byte.
    var hexadecimal: String {
        map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
