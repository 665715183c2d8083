/// Shortens names in their middle: both ends of a path tell the most.
enum MiddleEllipsis {
    /// - Parameters:
    ///   - width: what the result may take, the ellipsis, which takes 1, included.
    ///   - measure: what a character takes; by default 1 if it is ASCII, and 2 if not.
    static func shorten(
        _ text: String, to width: Int, measure: (Unicode.Scalar) -> Int = { $0.isASCII ? 1 : 2 }
    ) -> String {
        guard text.unicodeScalars.reduce(0, { $0 + measure($1) }) > width else { return text }
        let head = count(text, within: width / 3, measure)
        let tail = count(text.reversed(), within: width - width / 3 - 1, measure)
        return text.prefix(head) + "\u{2026}" + text.suffix(tail)
    }

    /// How many of the characters, from the first on, take no more than `width`.
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
