import Files
import SQLite

/// Scans that ended early one after the other, of the same host and roots and with the same options: what one of them has
/// checked, the next need not check again.
package struct ScanChain: Sendable {
    /// The scans, the latest first; never empty.
    package let scanIDs: [Int64]
    /// When the first of them began, as the store keeps times.
    package let startedAt: String

    /// Nanoseconds after which nothing goes on from it any more: 30 days.
    static let longestAge: Int64 = 30 * 86_400 * 1_000_000_000

    /// For `json_each`.
    var json: String { "[" + scanIDs.map(String.init).joined(separator: ",") + "]" }
}

extension ScanStore {
    /// What a scan would go on from: the latest scan that is like it, if that did not come to its end, and those which
    /// that one goes on from. The caller holds the run lock, so that none is running.
    package func chain(before scan: ScanRecord) throws(StoreError) -> ScanChain? {
        try StoreError.wrap { () throws(SQLiteError) in
            guard let latest = try latestScan(like: scan) else { return nil }
            let statement = try database.prepare(
                """
                WITH RECURSIVE part (id) AS (
                    SELECT id FROM scan WHERE id = ? AND state <> 'completed'
                    UNION ALL
                    SELECT scan.continues_scan_id
                    FROM part JOIN scan ON scan.id = part.id
                    WHERE scan.continues_scan_id IS NOT NULL
                )
                SELECT scan.id, scan.started_at FROM part JOIN scan ON scan.id = part.id ORDER BY scan.id DESC
                """)
            try statement.bind(latest)
            var (ids, startedAt): ([Int64], String?) = ([], nil)
            while try statement.step() {
                ids.append(try statement.column(0))
                startedAt = try statement.column(1)
            }
            // Whoever asks for a full check wants it of today's disks.
            let now = Clock.wall.now
            let oldest = Timestamp.text(nanoseconds: now - ScanChain.longestAge)
            // One that begins later was dated by a clock that was wrong, and may be of any age.
            let newest = Timestamp.text(nanoseconds: now + 2_000_000_000)
            guard let startedAt, startedAt >= oldest, startedAt <= newest else { return nil }
            return ScanChain(scanIDs: ids, startedAt: startedAt)
        }
    }

    private func latestScan(like scan: ScanRecord) throws(SQLiteError) -> Int64? {
        let options = scan.options.filter { scan.decidingOptions.contains($0.name) }
        let conditions = options.map { "AND json_extract(options, '$.\"\($0.name)\"') IS ?" }
        let statement = try database.prepare(
            "SELECT max(id) FROM scan WHERE host = ? AND roots = ? \(conditions.joined(separator: " "))")
        let roots = try jsonArray(scan.roots.map(\.text))
        try statement.bind([.text(scan.host), roots] + options.map(\.value))
        defer { statement.reset() }
        return try statement.step() ? statement.column(0) : nil
    }
}
