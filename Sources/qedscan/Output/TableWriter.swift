import CSystem
import CommandSyntax
import Files
import SQLite
import Store

/// Aligned columns: numbers to the right, text to the left, nothing that could disturb a terminal.
///
/// Holds all rows, since the widest cell of a column sets its width. On a terminal, long texts lose their middle if the
/// table is too wide; elsewhere all is whole.
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
        let isNumber = columns.indices.map { column in
            !rows.isEmpty && rows.allSatisfy { $0[column].isNumberOrNull }
        }
        let widths = columnWidths(of: [heads] + cells, isNumber)
        func line(_ texts: [String]) -> String {
            let padded = texts.indices.map { column -> String in
                var text = texts[column]
                var blanks = widths[column] - TableWriter.width(of: text)
                if blanks < 0 {
                    text = MiddleEllipsis.shorten(text, to: widths[column], measure: TableWriter.width)
                    blanks = max(widths[column] - TableWriter.width(of: text), 0)
                }
                let padding = String(repeating: " ", count: blanks)
                return isNumber[column] ? padding + text : text + padding
            }
            return padded.joined(separator: String(repeating: " ", count: ColumnWidths.gap)).trimmingTrailingBlanks
        }
        StandardOutput.writeLine(palette.bold(line(heads)))
        for row in cells { StandardOutput.writeLine(line(row)) }
    }

    private func columnWidths(of lines: [[String]], _ isNumber: [Bool]) -> [Int] {
        let natural = columns.indices.map { column in
            lines.reduce(0) { max($0, TableWriter.width(of: $1[column])) }
        }
        guard let line = StandardOutput.terminalColumns else { return natural }
        let least = columns.indices.map { column in
            isNumber[column] ? natural[column] : min(natural[column], ColumnWidths.leastText)
        }
        return ColumnWidths.fit(natural, least: least, into: line)
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
    private static func width(of text: String) -> Int { text.unicodeScalars.reduce(0) { $0 + width($1) } }

    private static func width(_ scalar: Unicode.Scalar) -> Int { max(Int(csystem_wcwidth(scalar.value)), 0) }
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
