/// Walks SQL text by the few rules of SQLite's tokenizer that tell blanks from words.
/// See <https://www.sqlite.org/lang_comment.html>.
struct SQLScanner {
    private let bytes: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
    }

    /// Whether nothing is left to run: only white space, comments and semicolons.
    var isBlank: Bool {
        skippingBlanks().isEmpty
    }

    /// The text from its first word on.
    var withoutLeadingBlanks: String {
        String(decoding: skippingBlanks(), as: UTF8.self)
    }

    /// The first word in capitals, such as `SELECT`; empty if the text begins with none.
    var leadingKeyword: String {
        let letters = skippingBlanks().prefix { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || byte == UInt8(ascii: "_")
        }
        return String(decoding: letters, as: UTF8.self).uppercased()
    }

    private func skippingBlanks() -> ArraySlice<UInt8> {
        var rest = bytes
        while let byte = rest.first {
            if Self.isSpace(byte) || byte == UInt8(ascii: ";") {
                rest = rest.dropFirst()
            } else if rest.starts(with: "--".utf8) {
                rest = rest.drop { $0 != UInt8(ascii: "\n") }
            } else if rest.starts(with: "/*".utf8) {
                rest = Self.afterBlockComment(rest.dropFirst(2))
            } else {
                return rest
            }
        }
        return rest
    }

    /// What follows the first `*/`; an unclosed comment reaches to the end, as in SQLite.
    private static func afterBlockComment(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var rest = text
        while !rest.isEmpty && !rest.starts(with: "*/".utf8) {
            rest = rest.dropFirst()
        }
        return rest.dropFirst(2)
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0C || byte == 0x0D
    }
}

extension Statement {
    /// The statement's first word if it begins, ends or needs to be outside of a transaction. Told by that word and
    /// not by searching the text, as a trigger's body has a BEGIN of its own.
    var transactionKeyword: String? {
        let keyword = SQLScanner(Array(sql.utf8)[...]).leadingKeyword
        let forbidden = ["BEGIN", "COMMIT", "END", "ROLLBACK", "SAVEPOINT", "RELEASE", "ATTACH", "DETACH", "VACUUM"]
        return forbidden.contains(keyword) ? keyword : nil
    }
}
