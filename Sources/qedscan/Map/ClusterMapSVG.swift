import Assets
import Files
import QED

/// The map of an image as SVG: both strips as grids with legends, and the contents of each cell as a tooltip.
///
/// It has no script, no external reference and no IDs, so that a page can contain any number of them.
struct ClusterMapSVG {
    enum Form {
        /// For a separate file.
        case document
        /// For a page that contains `ClusterMapStyle.text`.
        case embedded
    }

    /// The most cells in each strip.
    static let cells = (file: 2400, guest: 1600)

    private static let width = 820
    private static let margin = 10
    /// The most characters of a title.
    private static let titleWidth = 96

    let usage: ClusterUsage
    /// The title, in printable characters.
    let name: String

    func text(_ form: Form) -> String {
        var y = ClusterMapSVG.margin + 14
        var body = heading(&y)
        body += strip("File", "cluster", usage.file, &y)
        body += strip("Guest", "guest cluster", usage.guest, &y)
        for note in notes { body += line(note, class: "qm-note", &y) }
        return opening(form, height: y) + body + "</svg>\n"
    }

    private func opening(_ form: Form, height: Int) -> String {
        var text = form == .document ? "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" : ""
        let classes = form == .document ? "qedmap qm-document" : "qedmap"
        text += "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"\(classes)\" role=\"img\" "
        text += "aria-label=\"Cluster map of \(XML.escaping(name))\" "
        text += "viewBox=\"0 0 \(ClusterMapSVG.width) \(height)\" preserveAspectRatio=\"xMidYMin\">\n"
        text += "<title>\(XML.escaping(name))</title>\n"
        guard form == .document else { return text }
        return text + "<style>\n\(ClusterMapStyle.text)</style>\n"
            + "<rect class=\"qm-paper\" width=\"\(ClusterMapSVG.width)\" height=\"\(height)\"/>\n"
    }

    private func heading(_ y: inout Int) -> String {
        let geometry = usage.geometry
        let sizes =
            "clusters of \(bytes(geometry.clusterSize)), tables of \(geometry.tableClusters); file "
            + "\(bytes(geometry.fileSize)), \(usage.file.clusterCount) clusters; guest \(bytes(geometry.imageSize)), "
            + "\(usage.guest.clusterCount) clusters"
        return line(MiddleEllipsis.shorten(name, to: ClusterMapSVG.titleWidth), class: "qm-title", &y)
            + line(sizes, class: "qm-note", &y)
    }

    private var notes: [String] {
        var notes: [String] = []
        let entries = usage.entries
        if entries.invalid > 0 {
            notes.append(
                "Invalid entries, which refer to no place in the file: \(entries.invalidTables) in the L1 table, "
                    + "\(entries.invalidData) in L2 tables.")
        }
        if let gap = usage.gap { notes.append("The map is partial: \(gap).") }
        if !usage.knowsHoles { notes.append("Some holes may be missing.") }
        return notes
    }

    private func strip<Use: ClusterUse>(
        _ title: String, _ noun: String, _ strip: UsageStrip<Use>, _ y: inout Int
    ) -> String {
        y += 6
        let perCell = strip.cells.isEmpty ? "" : ", \(strip.clustersPerCell) per cell"
        var text = line("\(title): \(strip.clusterCount) clusters\(perCell)", class: "qm-head", &y)
        let grid = MapGrid(cellCount: strip.cells.count, width: ClusterMapSVG.width - 2 * ClusterMapSVG.margin)
        let top = y - 10
        for (index, cell) in strip.cells.enumerated() {
            let (x, row) = grid.position(of: index)
            text += "<rect class=\"qm-\(cell.leadingUse.className)\" x=\"\(ClusterMapSVG.margin + x)\" "
            text += "y=\"\(top + row)\" width=\"\(grid.side)\" height=\"\(grid.side)\">"
            text += "<title>\(XML.escaping(tooltip(cell, noun)))</title></rect>\n"
        }
        y = top + grid.height + 16
        return text + legend(strip.total, &y)
    }

    private func tooltip<Use: ClusterUse>(_ cell: UsageCell<Use>, _ noun: String) -> String {
        let first = cell.clusters.lowerBound
        let last = cell.clusters.upperBound - 1
        let range = first == last ? "\(noun) \(first)" : "\(noun)s \(first)-\(last)"
        let offset = first.saturatingMultiply(usage.geometry.clusterSize)
        let counts = cell.counts.present.map { "\($0.use.label) \($0.count)" }.joined(separator: ", ")
        return "\(range), from byte \(offset): \(counts)"
    }

    private func legend<Use: ClusterUse>(_ total: UseCounts<Use>, _ y: inout Int) -> String {
        var text = ""
        var x = ClusterMapSVG.margin
        for (use, count) in total.present {
            let label = "\(use.label) \(count) (\(bytes(count.saturatingMultiply(usage.geometry.clusterSize))))"
            let width = 16 + label.count * 7 + 8
            if x > ClusterMapSVG.margin, x + width > ClusterMapSVG.width {
                x = ClusterMapSVG.margin
                y += 18
            }
            text += "<rect class=\"qm-\(use.className)\" x=\"\(x)\" y=\"\(y - 10)\" width=\"11\" height=\"11\"/>"
            text += "<text x=\"\(x + 16)\" y=\"\(y)\">\(XML.escaping(label))</text>\n"
            x += width
        }
        y += total.present.isEmpty ? 0 : 20
        return text
    }

    /// A line of text; moves `y` to the next line.
    private func line(_ text: String, class name: String, _ y: inout Int) -> String {
        defer { y += 20 }
        return "<text class=\"\(name)\" x=\"\(ClusterMapSVG.margin)\" y=\"\(y)\">\(XML.escaping(text))</text>\n"
    }

    private func bytes(_ count: UInt64) -> String { ByteCount.text(Int64(clamping: count)) }
}

extension ClusterUse {
    fileprivate var className: String { String(slug.map { $0 == "_" ? "-" : $0 }) }
}

/// Squares in rows.
private struct MapGrid {
    private static let gap = 1

    /// The side of a square.
    let side: Int
    private let columns: Int
    private let cellCount: Int

    init(cellCount: Int, width: Int) {
        // A small number of cells is drawn larger.
        let pitch = cellCount <= 4 * (width / 25) ? 25 : cellCount <= 10 * (width / 16) ? 16 : 10
        side = pitch - MapGrid.gap
        columns = width / pitch
        self.cellCount = cellCount
    }

    var height: Int { (cellCount + columns - 1) / columns * (side + MapGrid.gap) }

    func position(of index: Int) -> (x: Int, y: Int) {
        (index % columns * (side + MapGrid.gap), index / columns * (side + MapGrid.gap))
    }
}

/// The style of all maps in a page or in a file: light or dark as the reader's system is.
enum ClusterMapStyle {
    static let text = Assets.page(named: "map.css")
}
