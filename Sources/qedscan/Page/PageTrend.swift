import SQLite
import Store

/// How a host's pool was in its last scans, the oldest first; on the last days, if it is scanned in shards.
struct PageTrend {
    /// Printable.
    let host: String
    let scans: [PageRow]
    private var isSharded: Bool { scans.last?.integer("shard_count") != nil }

    /// - Parameter host: as in the store.
    init(host: String, scans: [PageRow]) {
        self.host = TableWriter.text(.text(host))
        self.scans = scans
    }

    /// The chart, and its figures as a table for readers who cannot see it.
    var markup: Markup {
        guard scans.count > 1 else {
            return isSharded
                ? "<p>The store knows the shards of one day of \(host); there is a trend from the second day on.</p>\n"
                : "<p>The store knows one scan of \(host); there is a trend from the second one on.</p>\n"
        }
        let table = PageTable(
            caption: isSharded
                ? "The last \(scans.count) days with scans of \(host): the sums of the latest scans that its shards had then"
                : "The last \(scans.count) scans of \(host)",
            columns: [
                .init("id", "Scan", .number), .init("started_at", "Started (UTC)"), .init("state", "State"),
                .init("images_seen", "Images", .number), .init("clean", "Clean", .number),
                .init("damaged", "Corrupt, incomplete, invalid", .number), .init("leaking", "Leaking", .number),
                .init("other", "Unsupported, in use, changing", .number), .init("dirty", "Dirty", .number),
                .init("leaked_bytes", "Leaked", .bytes),
            ])
        return """
            <div class="scroll" role="region" aria-label="Chart" tabindex="0">
            \(TrendChart(host: host, scans: scans, unit: isSharded ? "day" : "scan").markup)</div>
            <details><summary>The figures as a table</summary>
            \(table.markup(scans.reversed()))</details>

            """
    }
}
