/// Shortens names in their middle: both ends of a path tell the most.
enum MiddleEllipsis {
    /// - Parameter width: in characters of ASCII; others may be twice as wide.
    static func shorten(_ text: String, to width: Int) -> String {
        guard self.width(of: text[...]) > width else { return text }
        var (head, tail) = (text[...], text[...])
        while self.width(of: head) > width / 3 { head.removeLast() }
        while self.width(of: tail) > width - width / 3 - 1 { tail.removeFirst() }
        return head + "\u{2026}" + tail
    }

    private static func width(of text: Substring) -> Int {
        text.unicodeScalars.reduce(0) { $0 + ($1.isASCII ? 1 : 2) }
    }
}
