import CSystem
import CommandSyntax
import Files
import SQLite
import Store

/// Aligned columns: numbers to the right, text to the left, and nothing that could disturb a terminal.
///
/// Holds all rows, since the widest cell of a column sets its width. If the table is too wide for a terminal, long texts
/// are shortened in the middle.
struct TableWriter: RowWriter {
    private let columns: [String]
    private let palette: Palette
    private let roundsBytes: Bool
    private var rows: [[SQLiteValue]] = []

    /// - Parameter roundsBytes: whether to print columns whose names end in `_bytes` as `1.5 GiB`.
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

    /// A value as text for people, on one line.
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

    /// The columns of a terminal that a text takes.
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

/// Distributes the width of a terminal among the columns of a table. All widths are in columns of the terminal.
enum ColumnWidths {
    /// Blanks between two columns.
    static let gap = 2
    /// No text is made shorter than this: times, outcomes and numbers stay whole.
    static let leastText = 24

    /// Narrows the widest columns, all to the same width, and no more than necessary.
    ///
    /// If even the least widths are too much, returns them, and the terminal wraps the lines.
    ///
    /// - Parameters:
    ///   - natural: the width of the widest cell of each column.
    ///   - least: the least width of each column, at most its natural width.
    static func fit(_ natural: [Int], least: [Int], into line: Int) -> [Int] {
        let room = line - gap * max(natural.count - 1, 0)
        guard natural.reduce(0, +) > room else { return natural }
        func widths(_ limit: Int) -> [Int] { zip(natural, least).map { max(min($0, limit), $1) } }
        // The largest limit that fits; 0 stands for the least widths.
        var (limit, tooLarge) = (0, natural.max() ?? 0)
        while tooLarge - limit > 1 {
            let middle = limit + (tooLarge - limit) / 2
            if widths(middle).reduce(0, +) <= room { limit = middle } else { tooLarge = middle }
        }
        // The rest is too small to widen all these columns.
        var fitted = widths(limit)
        var spare = room - fitted.reduce(0, +)
        for column in fitted.indices where spare > 0 && fitted[column] == limit && natural[column] > limit {
            fitted[column] += 1
            spare -= 1
        }
        return fitted
    }
}
