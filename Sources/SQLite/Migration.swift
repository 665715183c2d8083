import Assets

/// One step of the store's history: a file of `migrations/`, named `NNNN_verb_noun.sql`.
package struct Migration: Sendable, Hashable {
    /// The file's number, 1 for the first. The store's version is that of its last migration.
    package let version: Int
    /// The file's name without `.sql`, such as `0001_create_scan`.
    package let name: String
    /// The file's whole text.
    package let sql: String

    /// - Throws: `MigrationError.invalidName` for a name of another form.
    init(_ asset: Asset) throws(MigrationError) {
        let suffix = ".sql"
        guard asset.name.hasSuffix(suffix) else { throw .invalidName(asset.name) }
        let name = String(asset.name.dropLast(suffix.count))
        let words = name.split(separator: "_", omittingEmptySubsequences: false)
        guard words.count >= 3, let number = words.first, let version = Self.number(number),
            words.dropFirst().allSatisfy(Self.isWord)
        else { throw .invalidName(asset.name) }
        self.version = version
        self.name = name
        sql = asset.text
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

/// A migration as a store remembers it.
package struct AppliedMigration: Sendable, Hashable {
    package let version: Int
    package let name: String
    /// The text that was run, kept whole, so that an edit of the file is seen exactly.
    package let sql: String
    /// UTC, `YYYY-MM-DD HH:MM:SS.mmm`.
    package let appliedAt: String
}
