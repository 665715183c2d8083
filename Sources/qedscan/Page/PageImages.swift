import CommandSyntax
import Files
import QED
import Store

extension PageImage {
    /// The section of the page about this image.
    func markup(map: Markup, commands: PageCommands, hasManyHosts: Bool) -> Markup {
        let host: Markup = hasManyHosts ? " <span class=\"soft\">on \(row.text("host") ?? "")</span>" : ""
        let repairPlace: Markup = commands.isMerged ? "<p class=\"soft\">\(place)</p>\n" : ""
        return """
            <section class="image \(weight)" id="image-\(row.count("image_id"))">
            <h3>\(row.text("path") ?? "")\(host)</h3>
            <p><span class="badge">\(row.text("assessment") ?? "")</span>: \(row.text("evidence") ?? "")</p>
            <p class="soft">\(facts)</p>
            \(findingTable)<h4>Map</h4>
            \(map)<h4>History</h4>
            \(historyTable)<h4>Repair</h4>
            <pre>\(commands.repair(row.path))</pre>
            \(repairPlace)\(undos(commands))</section>

            """
    }

    /// Where to run the command, since a merged store cannot be used for repairs.
    private var place: String {
        let host = row.text("host") ?? ""
        let node = row.text("node") ?? ""
        let machine = host == node ? "On \(host)" : "On \(node), or another machine that has scanned the pool"
        return "\(machine), with its own store."
    }

    private var weight: String {
        switch row.text("assessment") {
        case "unusable", "tree-lost", "data-lost": "worst"
        case "harmless", "space": "least"
        default: ""
        }
    }

    private var facts: String {
        var facts = ["\(row.text("outcome") ?? "") at \(row.text("checked_at") ?? "") UTC"]
        if row.integer("dirty") == 1 { facts.append("dirty") }
        facts.append("file \(ByteCount.text(row.count("file_size")))")
        facts.append("on disk \(ByteCount.text(row.count("disk_size")))")
        if let size = row.integer("image_size") { facts.append("virtual \(ByteCount.text(size))") }
        if let size = row.integer("cluster_size") { facts.append("clusters of \(ByteCount.text(size))") }
        if let leaked = row.integer("leaked_bytes"), leaked > 0 { facts.append("leaked \(ByteCount.text(leaked))") }
        if let base = row.text("backing_file") { facts.append("backing file \(base)") }
        return facts.joined(separator: "; ")
    }

    private var findingTable: Markup {
        guard !findings.isEmpty else { return "" }
        let more: Markup =
            findingCount > Int64(findings.count)
            ? "<p>\(findingCount - Int64(findings.count)) more; 'qedscan show' lists all findings.</p>\n" : ""
        let table = PageTable(
            caption: "Findings; guest: offset + length in bytes",
            columns: [
                .init("kind", "Kind"), .init("message", "Meaning"), .init("l1_index", "L1", .number),
                .init("l2_index", "L2", .number), .init("entry", "Entry", .number),
                .init("file_offset", "File offset", .number), .init("cluster_count", "Count", .number),
                .init("guest", "Guest", .number), .init("suppressed", "Not listed", .number),
            ])
        return "<h4>Findings</h4>\n\(table.markup(findings))\(more)"
    }

    private var historyTable: Markup {
        PageTable(
            caption: "The last results, newest first",
            columns: [
                .init("checked_at", "Checked (UTC)", .name), .init("source", "By"), .init("outcome", "Outcome"),
                .init("dirty", "Dirty", .number), .init("corruptions", "Corruptions", .number),
                .init("leaks", "Leaks", .number), .init("file_size", "File", .bytes),
            ]
        ).markup(history)
    }

    private func undos(_ commands: PageCommands) -> Markup {
        repairs.map { repair -> Markup in
            """
            <p>To undo repair \(repair.count("id")) of \(repair.text("started_at") ?? "") UTC:</p>
            <pre>\(commands.undo) \(repair.count("id"))</pre>

            """
        }.joined()
    }
}

/// The maps of the page's images, read from their files; only as many as can be read in a short time.
struct PageMaps {
    static let limit = 50
    private static let cells = (file: 400, guest: 300)
    /// For all maps.
    private static let duration = Duration.seconds(20)
    private static let limits = CheckLimits(memory: MemoryBudget(limit: 64 << 20), baseSeconds: 5)

    private let deadline = ContinuousClock.now + duration
    private var count = 0

    /// The map of an image as an SVG, or why there is none.
    mutating func markup(of image: PageImage) -> Markup {
        do throws(MapRefusal) {
            return try svg(of: image)
        } catch {
            return "<p class=\"soft\">No map: \(error.reason).</p>\n"
        }
    }

    private mutating func svg(of image: PageImage) throws(MapRefusal) -> Markup {
        guard count < PageMaps.limit else {
            throw MapRefusal(reason: "the page has no more than \(PageMaps.limit) maps; 'qedscan show' draws this one")
        }
        let deadline = deadline
        let isLate: @Sendable () -> Bool = { ContinuousClock.now >= deadline }
        let map = ShownMap(
            path: image.row.path, checked: image.checked, host: image.row.exactText("host") ?? "",
            checkedBy: image.row.exactText("node"), limits: PageMaps.limits, isCancelled: isLate)
        let late = MapRefusal(reason: "reading the maps took too long; 'qedscan show' draws this one")
        guard !isLate() else { throw late }
        let usage = try map.read(fileCells: PageMaps.cells.file, guestCells: PageMaps.cells.guest)
        guard !isLate() else { throw late }
        count += 1
        let name = PrintableText.escaping(image.row.path.bytes)
        let svg = Markup(trusted: ClusterMapSVG(usage: usage, name: name).text(.embedded))
        return "<div class=\"scroll\" role=\"region\" aria-label=\"Map\" tabindex=\"0\">\n\(svg)</div>\n"
    }
}

extension PageImage {
    /// The file as it was at the latest check. Device and inode numbers are 64-bit patterns in the store.
    fileprivate var checked: FileIdentity {
        FileIdentity(
            device: UInt64(bitPattern: row.count("device")), inode: UInt64(bitPattern: row.count("inode")),
            size: UInt64(max(row.count("file_size"), 0)), modificationTime: row.count("mtime_ns"),
            changeTime: row.count("ctime_ns"))
    }
}
