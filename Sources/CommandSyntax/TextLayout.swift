/// Fills paragraphs and aligns definitions for a terminal of a given width, counted in characters.
struct TextLayout {
    /// The width that no line exceeds, unless a single word does.
    let width: Int

    /// The words of `text` in lines. The first line starts with `first`, the others with `hanging` blanks.
    func fill(_ text: String, first: String = "", hanging: Int = 0) -> [String] {
        var lines: [String] = []
        var line = first
        var isFresh = true
        for word in text.split(whereSeparator: \.isWhitespace) {
            if !isFresh && line.count + 1 + word.count > width {
                lines.append(line)
                line = String(repeating: " ", count: hanging)
                isFresh = true
            }
            line += isFresh ? String(word) : " " + word
            isFresh = false
        }
        return lines + [line]
    }

    /// Terms in a column, each with its meaning beside it, or below if the term is long.
    func align(_ definitions: [(term: String, meaning: String)]) -> [String] {
        let widest = max(12, width / 3)
        let column = 2 + (definitions.map(\.term.count).filter { $0 <= widest }.max() ?? 4) + 2
        return definitions.flatMap { term, meaning in
            let padding = column - 2 - term.count
            guard padding >= 2 else {
                let margin = String(repeating: " ", count: column)
                return ["  " + term] + fill(meaning, first: margin, hanging: column)
            }
            return fill(meaning, first: "  " + term + String(repeating: " ", count: padding), hanging: column)
        }
    }
}
