/// Shortens names in the middle, since both ends of a path are the most useful.
enum MiddleEllipsis {
    /// - Parameters:
    ///   - width: the most that the result may take, including 1 for the ellipsis.
    ///   - measure: the width of a character; by default 1 if it is ASCII, and 2 if not.
    static func shorten(
        _ text: String, to width: Int, measure: (Unicode.Scalar) -> Int = { $0.isASCII ? 1 : 2 }
    ) -> String {
        guard text.unicodeScalars.reduce(0, { $0 + measure($1) }) > width else { return text }
        let head = count(text, within: width / 3, measure)
        let tail = count(text.reversed(), within: width - width / 3 - 1, measure)
        return text.prefix(head) + "\u{2026}" + text.suffix(tail)
    }

    /// How many of the first characters fit into `width`.
    private static func count(
        _ characters: some Sequence<Character>, within width: Int, _ measure: (Unicode.Scalar) -> Int
    ) -> Int {
        var (count, rest) = (0, width)
        for character in characters {
            rest = character.unicodeScalars.reduce(rest) { $0 - measure($1) }
            guard rest >= 0 else { break }
            count += 1
        }
        return count
    }
}
