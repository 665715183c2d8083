import Files
import SQLite
import ScanModel

/// A scan that begins.
package struct ScanRecord: Sendable {
    /// The owner of its images: the machine, or a pool (`Pool.host`).
    package let host: String
    /// The machine that runs it.
    package let node: String
    /// The shard that it checks; nil for all images.
    package var shard: (number: Int, count: Int)?
    /// The positions of the shard; nil if the scan ended before it knew them.
    package var shardRange: ShardRange?
    package let roots: [RawPath]
    /// The options in force, by their names on the command line.
    package let options: [(name: String, value: SQLiteValue)]
    /// The version of the program.
    package let version: String
    /// The names of the options that decide what is checked and how. A scan may resume one in which these, the host and
    /// the roots are the same.
    package let decidingOptions: [String]
    /// The interrupted scans that it resumes; nil for a scan that begins anew.
    package var continues: ScanChain?

    package init(
        host: String, node: String? = nil, roots: [RawPath],
        options: [(name: String, value: SQLiteValue)], version: String, decidingOptions: [String] = [],
        continues: ScanChain? = nil
    ) {
        self.node = node ?? host
        self.decidingOptions = decidingOptions
        self.continues = continues
        self.host = host
        self.roots = roots
        self.options = options
        self.version = version
    }
}

/// Interrupted scans, each the continuation of the one before, of the same host and roots and with the same options.
/// What one has checked, the next need not check again.
package struct ScanChain: Sendable {
    /// The scans, the latest first; never empty.
    package let scanIDs: [Int64]
    /// When the first of them began, as a `Timestamp`.
    package let startedAt: String

    /// Nanoseconds after which it cannot be resumed any more: 30 days.
    static let longestAge: Int64 = 30 * 86_400 * 1_000_000_000

    /// For `json_each`.
    var json: String { JSONText.array(scanIDs.map(String.init)) }
}

extension ScanStore {
    /// The chain that a scan would resume: the latest scan like it, if that one was not completed, and the scans which
    /// that one resumed. The caller holds the run lock, so no scan is running.
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
            // Old results say little about the disks of today.
            let now = Clock.wall.now
            let oldest = Timestamp.text(nanoseconds: now - ScanChain.longestAge)
            // A start in the future comes from a wrong clock; the real age is unknown.
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
        let roots = try JSONText.array(of: scan.roots.map(\.text), in: database)
        try statement.bind([.text(scan.host), roots] + options.map(\.value))
        defer { statement.reset() }
        return try statement.step() ? statement.column(0) : nil
    }
}
