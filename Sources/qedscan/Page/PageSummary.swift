import Store

/// The top of the page: the scans and the figures.
struct PageSummary {
    let content: PageContent
    /// Printable.
    let storePath: String
    /// When the page was made, in UTC.
    let madeAt: String

    var markup: Markup {
        """
        <h1>Pool of QED images</h1>
        <p class="soft">Made \(String(madeAt.prefix(19))) UTC by \(Release.name) \(Release.version) from the store \
        <code>\(storePath)</code>.</p>
        \(scans)\(content.outcomes.isEmpty ? "" : figures + outcomes)
        """
    }

    private var scans: Markup {
        guard !content.scans.isEmpty else { return "<p>The store is empty: there was no scan yet.</p>\n" }
        let items = content.scans.map { scan -> Markup in
            """
            <li>\(owner(scan)): <code>\(scan.text("root_paths") ?? "")</code>, scan \(scan.count("scan_id")) of \
            \(String((scan.text("started_at") ?? "").prefix(19))) UTC (\(state(scan))), \(scan.count("images_seen")) \
            images\(unread(scan))</li>

            """
        }
        return "<ul>\n\(items.joined())</ul>\n"
    }

    /// The host or pool, the shard, and the machine that scanned.
    private func owner(_ scan: PageRow) -> String {
        let host = scan.text("host") ?? ""
        let shard = scan.integer("shard_number").map { ", shard \($0) of \(scan.count("shard_count"))" } ?? ""
        let node = scan.text("node") ?? ""
        return host + shard + (node.isEmpty || node == host ? "" : " on \(node)")
    }

    private func state(_ scan: PageRow) -> String {
        let state = scan.text("state") ?? ""
        guard case .real(let seconds) = scan["duration_s"] else { return state }
        return "\(state) in \(Decimal.text(seconds, places: 1)) s"
    }

    private func unread(_ scan: PageRow) -> String {
        let count = scan.count("path_errors")
        return count > 0 ? ", \(count) paths that could not be read" : ""
    }

    private func sum(_ column: String) -> Int64 {
        content.outcomes.reduce(0) { sum, row in
            let (total, overflow) = sum.addingReportingOverflow(row.count(column))
            return overflow ? .max : total
        }
    }

    private func images(_ outcome: String) -> Int64 {
        content.outcomes.first { $0.text("outcome") == outcome }?.count("images") ?? 0
    }

    private var figures: Markup {
        let figures = [
            ("Images", String(sum("images"))), ("Damaged", String(content.damagedCount)),
            ("Dirty", String(sum("dirty"))), ("Corruptions", String(sum("corruptions"))),
            ("Leaked", ByteCount.text(sum("leaked_bytes"))), ("Virtual size", ByteCount.text(sum("virtual_bytes"))),
            ("On disk", ByteCount.text(sum("disk_bytes"))), ("In use", String(images("in_use"))),
            ("Missing", String(content.missingCount)),
        ]
        let items = figures.map { title, value -> Markup in "<div><dt>\(title)</dt><dd>\(value)</dd></div>\n" }
        return "<dl class=\"figures\">\n\(items.joined())</dl>\n"
    }

    private var outcomes: Markup {
        PageTable(
            caption: "Images that are present, by the outcome of their latest check; images in use have no counters",
            columns: [
                .init("outcome", "Outcome", .name), .init("images", "Images", .number),
                .init("dirty", "Dirty", .number), .init("corruptions", "Corruptions", .number),
                .init("leaks", "Leaked clusters", .number), .init("leaked_bytes", "Leaked", .bytes),
                .init("virtual_bytes", "Virtual size", .bytes), .init("disk_bytes", "On disk", .bytes),
            ]
        ).markup(content.outcomes)
    }
}
