import Store

extension PageImage {
    /// The part of the page that is about this image.
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

    /// Where the command is for, as a merged store repairs nothing.
    private var place: String {
        let host = row.text("host") ?? ""
        let node = row.text("node") ?? ""
        let machine = host == node ? "On \(host)" : "On \(node), or another machine that has scanned the pool"
        return "\(machine), with the store of its own."
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
            ? "<p>\(findingCount - Int64(findings.count)) more; 'qedscan show' lists them all.</p>\n" : ""
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
            caption: "The last results, the newest first",
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
            <p>To take back repair \(repair.count("id")) of \(repair.text("started_at") ?? "") UTC:</p>
            <pre>\(commands.undo) \(repair.count("id"))</pre>

            """
        }.joined()
    }
}
