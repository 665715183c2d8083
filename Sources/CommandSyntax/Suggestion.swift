/// The known words that a mistyped one may have meant.
struct Suggestion {
    /// At most three, in the order they are declared.
    let words: [String]

    /// Prefers the words that `typed` abbreviates, else those with the fewest typing errors, if they are few.
    init(for typed: RawArgument, among known: [String]) {
        let text = typed.text
        let abbreviated = text.isEmpty ? [] : known.filter { $0.hasPrefix(text) }
        words = Array((abbreviated.isEmpty ? Self.nearest(to: text, among: known) : abbreviated).prefix(3))
    }

    /// `; did you mean 'a' or 'b'?`, or nothing. Each word is shown with `prefix` before it.
    func question(prefix: String = "") -> String {
        let quoted = words.map { "'\(prefix)\($0)'" }
        guard let last = quoted.last else { return "" }
        let others = quoted.dropLast().joined(separator: ", ")
        return "; did you mean " + (others.isEmpty ? last : others + " or " + last) + "?"
    }

    /// The question without a prefix.
    var question: String { question() }

    private static func nearest(to text: String, among known: [String]) -> [String] {
        let typed = Array(text)
        // One error in a short word, up to three in a long one: more would suggest the unrelated.
        let limit = min(3, max(1, typed.count / 3))
        let near = known.compactMap { word -> (word: String, distance: Int)? in
            // The lengths alone bound the distance, so an absurdly long word costs nothing.
            guard abs(word.count - typed.count) <= limit else { return nil }
            let distance = editDistance(typed, Array(word))
            return distance <= limit ? (word, distance) : nil
        }
        let least = near.map(\.distance).min()
        return near.filter { $0.distance == least }.map(\.word)
    }

    /// The fewest insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`
    /// (optimal string alignment, kept as three rows of the usual table).
    static func editDistance(_ a: [Character], _ b: [Character]) -> Int {
        var beforeLast = [Int](repeating: 0, count: b.count + 1)
        var last = Array(0...b.count)
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                var best = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
                    best = min(best, beforeLast[j - 1] + 1)
                }
                row.append(best)
            }
            (beforeLast, last) = (last, row)
        }
        return last[b.count]
    }
}
