import Assets
import SQLite

/// A named question to the store: a file of `reports/`.
package struct Report: Sendable {
    /// The file's name without `.sql`.
    package let name: String
    /// The first line of the file's comment.
    package let question: String
    /// Its parameters, in the order of the comment.
    package let parameters: [ReportParameter]
    /// The rest of the comment: columns, units and notes.
    package let columns: [String]
    package let sql: String

    /// All reports, by name.
    package static let all: [Report] = Assets.reports.map(Report.init)

    package static func named(_ name: String) -> Report? { all.first { $0.name == name } }

    /// The question of the report `trend`, to be part of another one.
    static var trendSQL: String {
        let sql = named("trend")?.sql ?? ""
        return String(sql.prefix(through: sql.lastIndex { !$0.isWhitespace && $0 != ";" } ?? sql.startIndex))
    }

    init(_ asset: Asset) {
        name = String(asset.name.prefix { $0 != "." })
        sql = asset.text
        let comment = Report.comment(asset.text)
        question = comment.first ?? ""
        let rest = comment.dropFirst().filter { !$0.isEmpty }
        parameters = rest.compactMap(ReportParameter.init(declaration:))
        columns = rest.filter { !$0.hasPrefix(":") }
    }

    /// The comment lines at the beginning of a text, without their dashes. Reads no further, and by bytes, since every
    /// command waits for all reports when it starts.
    private static func comment(_ text: String) -> [String] {
        var lines: [String] = []
        var rest = text.utf8[...]
        while rest.starts(with: "--".utf8) {
            let line = rest.prefix { $0 != UInt8(ascii: "\n") }
            lines.append(String(Substring(line.drop { $0 == UInt8(ascii: "-") }.drop { $0 == UInt8(ascii: " ") })))
            rest = rest[line.endIndex...].dropFirst()
        }
        return lines
    }
}

/// A whole number that a report takes, declared in its comment: `:days (default 30): how long`.
package struct ReportParameter: Hashable, Sendable {
    /// Without the colon.
    package let name: String
    /// The default in the declaration: a number, or a word for what NULL stands for.
    package let defaultText: String
    /// What it does, for people.
    package let meaning: String

    /// The value that is bound if none is given: NULL unless the default is a number.
    package var defaultValue: SQLiteValue { Int64(defaultText).map(SQLiteValue.integer) ?? .null }

    /// nil if the line declares no parameter.
    ///
    /// - Parameter line: of the comment, without its dashes.
    init?(declaration line: String) {
        guard line.hasPrefix(":"), let name = line.dropFirst().split(separator: " ").first else { return nil }
        let opening = ":\(name) (default "
        guard line.hasPrefix(opening) else { return nil }
        let rest = line.dropFirst(opening.count)
        let text = rest.prefix { $0 != ")" }
        guard rest.dropFirst(text.count).hasPrefix("): ") else { return nil }
        self.name = String(name)
        defaultText = String(text)
        meaning = String(rest.dropFirst(text.count + 3))
    }
}
