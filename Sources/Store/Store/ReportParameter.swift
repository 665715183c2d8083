import SQLite

/// A whole number that a report takes, declared in its comment: `:days (default 30): how long`.
package struct ReportParameter: Hashable, Sendable {
    /// Without the colon.
    package let name: String
    /// What the declaration calls the default: the number, or a word for what NULL stands for.
    package let defaultText: String
    /// What it does, for people.
    package let meaning: String

    /// What is bound if no value is given: NULL unless the default is a number.
    package var defaultValue: SQLiteValue { Int64(defaultText).map(SQLiteValue.integer) ?? .null }

    /// - Parameter line: of the comment, without its dashes; nil if it declares nothing.
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
