import Files
import QED

/// The map of an image for a terminal: a letter a cell, and what the letters mean.
struct ClusterMapText {
    private static let fileRows = 8
    private static let guestRows = 4
    /// For the offset at which a row begins: `1023.9 KiB`, and two blanks.
    private static let labelWidth = 12

    let usage: ClusterUsage
    /// Characters in a line.
    let columns: Int
    let palette: Palette

    /// How many cells the strips have room for in lines of so many characters.
    static func cells(columns: Int) -> (file: Int, guest: Int) {
        let perRow = cellsPerRow(columns: columns)
        return (perRow * fileRows, perRow * guestRows)
    }

    /// The lines.
    var lines: [String] {
        var lines = strip("file", usage.file) + legend(usage.file.total)
        lines += strip("guest", usage.guest) + legend(usage.guest.total)
        let entries = usage.entries
        if entries.invalid > 0 {
            let counts = "\(entries.invalidTables) in the L1 table, \(entries.invalidData) in L2 tables"
            lines.append(palette.bad("invalid entries: ") + counts)
        }
        if let gap = usage.gap { lines.append(palette.warning("partial: ") + gap) }
        if !usage.knowsHoles { lines.append(palette.warning("partial: ") + "not all holes are known") }
        return lines
    }

    private func strip<Use: MappedUse>(_ name: String, _ strip: UsageStrip<Use>) -> [String] {
        let size = ByteCount.text(Int64(clamping: usage.geometry.clusterSize))
        let cell = strip.cells.isEmpty ? "" : ", \(strip.clustersPerCell) to a cell"
        let title = "\(palette.bold(name)): \(strip.clusterCount) clusters of \(size)\(cell)"
        let perRow = ClusterMapText.cellsPerRow(columns: columns)
        return [title]
            + stride(from: 0, to: strip.cells.count, by: perRow).map { start in
                row(strip.cells[start..<min(start + perRow, strip.cells.count)])
            }
    }

    private func row<Use: MappedUse>(_ cells: ArraySlice<UsageCell<Use>>) -> String {
        let first = cells.first?.clusters.lowerBound ?? 0
        let label = ByteCount.text(Int64(clamping: first.saturatingMultiply(usage.geometry.clusterSize)))
        var text = String(repeating: " ", count: max(ClusterMapText.labelWidth - 2 - label.count, 0)) + label + "  "
        var rest = cells[...]
        while let use = rest.first?.leadingUse {
            let run = rest.prefix { $0.leadingUse == use }
            text += use.tone.paint(String(repeating: use.letter, count: run.count), palette)
            rest = rest.dropFirst(run.count)
        }
        return text
    }

    /// Each use that occurs, with its letter and its number of clusters.
    private func legend<Use: MappedUse>(_ total: UseCounts<Use>) -> [String] {
        let indent = String(repeating: " ", count: ClusterMapText.labelWidth)
        var lines: [String] = []
        var width = 0
        for (use, count) in total.present {
            let rest = "=\(use.label) \(count)"
            if lines.isEmpty || width + 2 + 1 + rest.count > columns {
                lines.append(indent)
                width = indent.count
            } else {
                lines[lines.count - 1] += "  "
                width += 2
            }
            lines[lines.count - 1] += use.tone.paint(String(use.letter), palette) + rest
            width += 1 + rest.count
        }
        return lines
    }

    private static func cellsPerRow(columns: Int) -> Int { min(max(columns - labelWidth, 8), 500) }
}
