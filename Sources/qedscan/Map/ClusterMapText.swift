import Files
import QED

/// The map of an image for a terminal: one letter per cell, with a legend.
struct ClusterMapText {
    private static let fileRows = 8
    private static let guestRows = 4
    /// For the offset at which a row begins, `1023.9 KiB`, and two blanks.
    private static let labelWidth = 12

    let usage: ClusterUsage
    /// Characters in a line.
    let columns: Int
    let palette: Palette

    /// How many cells each strip has room for in lines of this length.
    static func cells(columns: Int) -> (file: Int, guest: Int) {
        let perRow = cellsPerRow(columns: columns)
        return (perRow * fileRows, perRow * guestRows)
    }

    var lines: [String] {
        var lines = strip("file", usage.file) + legend(usage.file.total)
        lines += strip("guest", usage.guest) + legend(usage.guest.total)
        let entries = usage.entries
        if entries.invalid > 0 {
            let counts = "\(entries.invalidTables) in the L1 table, \(entries.invalidData) in L2 tables"
            lines.append(palette.bad("invalid entries: ") + counts)
        }
        if let gap = usage.gap { lines.append(palette.warning("partial: ") + gap) }
        if !usage.knowsHoles { lines.append(palette.warning("partial: ") + "some holes may be missing") }
        return lines
    }

    private func strip<Use: MappedUse>(_ name: String, _ strip: UsageStrip<Use>) -> [String] {
        let size = ByteCount.text(Int64(clamping: usage.geometry.clusterSize))
        let cell = strip.cells.isEmpty ? "" : ", \(strip.clustersPerCell) per letter"
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
        var text = label.indented(to: ClusterMapText.labelWidth - 2) + "  "
        var rest = cells[...]
        while let use = rest.first?.leadingUse {
            let run = rest.prefix { $0.leadingUse == use }
            text += use.tone.paint(String(repeating: use.letter, count: run.count), palette)
            rest = rest.dropFirst(run.count)
        }
        return text
    }

    /// Lists each use in the map with its letter and number of clusters.
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

/// A use of clusters as a map in a terminal shows it.
protocol MappedUse: ClusterUse {
    /// Different for each use of a strip, so that the map can be read without colours.
    var letter: Character { get }
    var tone: MapTone { get }
}

/// The meanings of a map's colours.
enum MapTone {
    case damage, waste, structure, data, nothing

    func paint(_ text: String, _ palette: Palette) -> String {
        switch self {
        case .damage: palette.bad(text)
        case .waste: palette.warning(text)
        case .structure: palette.structure(text)
        case .data: palette.good(text)
        case .nothing: palette.faint(text)
        }
    }
}

extension FileUse: MappedUse {
    var letter: Character {
        switch self {
        case .shared: "S"
        case .leaked: "L"
        case .unknown: "?"
        case .partialTail: "P"
        case .header: "H"
        case .l1Table: "1"
        case .l2Table: "2"
        case .data: "D"
        case .hole: "o"
        }
    }

    var tone: MapTone {
        switch self {
        case .shared: .damage
        case .leaked, .unknown, .partialTail: .waste
        case .header, .l1Table, .l2Table: .structure
        case .data: .data
        case .hole: .nothing
        }
    }
}

extension GuestUse: MappedUse {
    var letter: Character {
        switch self {
        case .invalid: "X"
        case .unread: "?"
        case .shared: "S"
        case .allocated: "D"
        case .zero: "0"
        case .unallocated: "."
        }
    }

    var tone: MapTone {
        switch self {
        case .invalid, .shared: .damage
        case .unread: .waste
        case .allocated: .data
        case .zero, .unallocated: .nothing
        }
    }
}
