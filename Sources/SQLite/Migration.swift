/// One step of a database's history: a file named `NNNN_verb_noun.sql`.
package struct Migration: Sendable, Hashable {
    /// The file's number, 1 for the first. A database has the version of its last migration.
    package let version: Int
    /// The file's name without `.sql`, such as `0001_create_store`.
    package let name: String
    /// The file's whole text.
    package let sql: String

    /// - Throws: `MigrationError.invalidName` for a file with another kind of name.
    package init(file: String, text: String) throws(MigrationError) {
        let suffix = ".sql"
        guard file.hasSuffix(suffix) else { throw .invalidName(file) }
        let name = String(file.dropLast(suffix.count))
        let words = name.split(separator: "_", omittingEmptySubsequences: false)
        guard words.count >= 3, let number = words.first, let version = Self.number(number),
            words.dropFirst().allSatisfy(Self.isWord)
        else { throw .invalidName(file) }
        self.version = version
        self.name = name
        sql = text
    }

    /// Four digits that are not all zero.
    private static func number(_ text: Substring) -> Int? {
        guard text.utf8.count == 4, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int(text).flatMap { $0 > 0 ? $0 : nil }
    }

    private static func isWord(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) }
    }
}

/// A migration as a database remembers it.
package struct AppliedMigration: Sendable, Hashable {
    package let version: Int
    package let name: String
    /// The whole text that was run, so that any edit of the file is noticed.
    package let sql: String
    /// UTC, `YYYY-MM-DD HH:MM:SS.mmm`.
    package let appliedAt: String
}
