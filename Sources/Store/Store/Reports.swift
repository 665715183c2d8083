import Assets

/// A named question to the store: a file of `reports/`.
package struct Report: Sendable {
    /// The file's name without `.sql`.
    package let name: String
    /// The first line of the file's comment.
    package let question: String
    /// What it takes, in the order of the comment.
    package let parameters: [ReportParameter]
    /// The rest of the comment: the columns and their units, and notes.
    package let columns: [String]
    package let sql: String

    /// All reports, by name.
    package static let all: [Report] = Assets.reports.map(Report.init)

    package static func named(_ name: String) -> Report? { all.first { $0.name == name } }

    init(_ asset: Asset) {
        name = String(asset.name.prefix { $0 != "." })
        sql = asset.text
        let comment = Report.comment(asset.text)
        question = comment.first ?? ""
        let rest = comment.dropFirst().filter { !$0.isEmpty }
        parameters = rest.compactMap(ReportParameter.init(declaration:))
        columns = rest.filter { !$0.hasPrefix(":") }
    }

    /// The lines of a text that begins with them, without the dashes. Reads no further, and by bytes: every command's
    /// start waits for all reports.
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
