import SQLite

/// When all images of a host or pool were last looked at.
package struct LastCompleteScan: Sendable {
    /// As the column `host` has it.
    package let host: String
    /// When the latest complete scan ended, seconds since 1970; of a pool that is scanned in shards, the oldest of the latest
    /// scans of its shards. Nil if there is none, or not of every shard. A scan that could read no root looked at nothing.
    package let finishedAt: Double?
}

extension ScanStore {
    /// Of each host and pool that has images, or of all if none has.
    ///
    /// A machine's own store holds the shards that were its own, and nothing else is expected of it: only in a merged one
    /// must all be there.
    ///
    /// - Parameter roots: as `scan.roots` has them: only scans of these count; nil for all.
    func completions(_ scope: HostScope, roots: String?) throws(SQLiteError) -> [LastCompleteScan] {
        let statement = try database.prepare(
            """
            WITH
                known AS (SELECT * FROM scan WHERE \(scope.condition) AND roots = ifnull(?2, roots)),
                shard AS (
                    SELECT host, roots, shard_count, max(finished_at) AS finished_at, max(merged_at) AS merged_at
                    FROM known
                    WHERE state = 'completed' AND (
                        EXISTS (SELECT 1 FROM scan_root WHERE scan_id = known.id AND scan_root.state = 'read')
                        -- Before there were such rows.
                        OR NOT EXISTS (SELECT 1 FROM scan_root WHERE scan_id = known.id))
                    GROUP BY host, roots, shard_count, shard_number),
                layout AS (
                    SELECT host, min(finished_at) AS finished_at FROM shard GROUP BY host, roots, shard_count
                    HAVING count(*) = ifnull(shard_count, 1) OR max(merged_at) IS NULL),
                owner AS (
                    SELECT host, EXISTS (
                        SELECT 1 FROM image WHERE image.host = one.host AND missing_since_scan_id IS NULL) AS has_images
                    FROM (SELECT DISTINCT host FROM known) AS one)
            SELECT host, (julianday(max(finished_at)) - 2440587.5) * 86400
            FROM owner LEFT JOIN layout USING (host)
            WHERE has_images OR NOT EXISTS (SELECT 1 FROM owner WHERE has_images)
            GROUP BY host ORDER BY host
            """)
        try statement.bind(scope.value, roots)
        var completions: [LastCompleteScan] = []
        while try statement.step() {
            completions.append(LastCompleteScan(host: try statement.column(0), finishedAt: try statement.column(1)))
        }
        return completions
    }
}
