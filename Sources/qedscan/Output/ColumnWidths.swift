/// Divides a line of a terminal among the columns of a table. All widths are in the terminal's columns.
enum ColumnWidths {
    /// Blanks between two columns.
    static let gap = 2
    /// A text is not made shorter than this: times, outcomes and numbers stay whole.
    static let leastText = 24

    /// Narrows the widest columns, all to the same width, and by no more than is needed.
    ///
    /// If the least widths are too much as well, these are the result, and the terminal wraps the lines.
    ///
    /// - Parameters:
    ///   - natural: what the widest cell of each column takes.
    ///   - least: how narrow each may become, at most its natural width.
    static func fit(_ natural: [Int], least: [Int], into line: Int) -> [Int] {
        let room = line - gap * max(natural.count - 1, 0)
        guard natural.reduce(0, +) > room else { return natural }
        func widths(_ limit: Int) -> [Int] { zip(natural, least).map { max(min($0, limit), $1) } }
        // The largest limit that fits; 0 stands for the least widths.
        var (limit, tooLarge) = (0, natural.max() ?? 0)
        while tooLarge - limit > 1 {
            let middle = limit + (tooLarge - limit) / 2
            if widths(middle).reduce(0, +) <= room { limit = middle } else { tooLarge = middle }
        }
        // What is left over would not do for all that the next limit widens.
        var fitted = widths(limit)
        var spare = room - fitted.reduce(0, +)
        for column in fitted.indices where spare > 0 && fitted[column] == limit && natural[column] > limit {
            fitted[column] += 1
            spare -= 1
        }
        return fitted
    }
}
