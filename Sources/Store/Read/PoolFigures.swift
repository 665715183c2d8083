import Files
import QED
import SQLite

/// The figures for monitoring a pool: the images that the store has below some roots, and how their last scan went.
package struct PoolFigures: Sendable {
    /// Present images by outcome. Every outcome has a count.
    package internal(set) var outcomes: [Outcome: Int] = [:]
    /// Missing images, according to the latest scan that looked.
    package internal(set) var missing = 0
    /// Without images in use, like the counters below.
    package internal(set) var dirty = 0
    package internal(set) var leakedBytes = 0.0
    package internal(set) var corruptions = 0.0
    /// Images that the view `assessment` calls `tree-lost`: the guest cannot reach its data.
    package internal(set) var treeLost = 0
    /// Interrupted repairs that wait to be recovered.
    package internal(set) var unfinishedRepairs = 0
    /// Paths that could not be read: the larger of the numbers of the latest scan that ended and of the latest complete
    /// ones. For several hosts and pools it is their sum.
    package internal(set) var pathErrors = 0
    /// The latest scan that ended; nil if none did.
    package internal(set) var lastScan: LastScan?
    /// One for each host and pool, by name.
    package internal(set) var completions: [LastCompleteScan] = []

    /// When the latest complete scan ended, seconds since 1970; for several hosts and pools, the oldest of these times.
    /// nil if there is none.
    package var lastCompletion: Double? { completions.compactMap(\.finishedAt).min() }

    package var images: Int { outcomes.values.reduce(0, +) }

    fileprivate var hasDamage: Bool { leakedBytes > 0 || corruptions > 0 }

    /// How a scan went.
    package struct LastScan: Sendable {
        /// `completed`, `interrupted` or `failed`.
        package let state: String
        /// Seconds since 1970.
        package let startedAt: Double
        package let finishedAt: Double
        package let filesSeen: Int
        package let imagesSeen: Int
        package let reused: Int
        package let pathErrors: Int
        package let bytesRead: UInt64
    }
}

extension ScanStore {
    /// The figures of a machine, of one host or pool, or of all; for all images and scans, or those below the roots of
    /// one scan.
    ///
    /// - Parameters:
    ///   - roots: as in `scan.roots`, a JSON array of paths; nil for all.
    ///   - errorsSince: seconds since 1970; errors of complete scans that ended earlier do not count.
    package func poolFigures(
        _ scope: HostScope, roots: String?, errorsSince: Double = 0
    ) throws(StoreError) -> PoolFigures {
        try StoreError.wrap { () throws(SQLiteError) in
            var figures = PoolFigures()
            for outcome in Outcome.allCases { figures.outcomes[outcome] = 0 }
            // In one transaction, so that all figures are of the same moment.
            try database.transaction(.deferred) { () throws(SQLiteError) in
                try addImages(to: &figures, scope, roots)
                if figures.hasDamage { figures.treeLost = try treeLost(scope, roots) }
                figures.lastScan = try lastScan(scope, roots)
                figures.pathErrors = max(
                    figures.lastScan?.pathErrors ?? 0, try errorsOfCompleteScans(scope, roots, since: errorsSince))
                figures.completions = try completions(scope, roots: roots)
                let unsettled = "SELECT count(*) FROM repair WHERE \(scope.machineCondition) AND state = 'prepared'"
                figures.unfinishedRepairs = Int(sqliteValue: try database.scalar(unsettled, scope.value)) ?? 0
            }
            return figures
        }
    }

    /// Roots as in `scan.roots`.
    package func rootsText(_ roots: [RawPath]) throws(StoreError) -> String? {
        try StoreError.wrap { () throws(SQLiteError) in
            String(sqliteValue: try JSONText.array(of: roots.map(\.text), in: database))
        }
    }

    private func addImages(to figures: inout PoolFigures, _ scope: HostScope, _ roots: String?) throws(SQLiteError) {
        let statement = try database.prepare(
            """
            WITH root AS (SELECT value AS path, rtrim(value, '/') AS stem FROM json_each(?2))
            SELECT outcome, present, count(*), ifnull(sum(dirty), 0), total(leaks * cluster_size), total(corruptions)
            FROM latest_check AS image
            WHERE \(scope.condition) AND \(ScanStore.isBelowRoots)
            GROUP BY outcome, present
            """)
        try statement.bind(scope.value, roots)
        while try statement.step() {
            guard let outcome = Outcome(rawValue: try statement.column(0)) else { continue }
            let count: Int = try statement.column(2)
            guard try statement.column(1, as: Bool.self) else {
                figures.missing += count
                continue
            }
            figures.outcomes[outcome] = count
            // A running guest's image is dirty, and its counters are provisional.
            guard outcome != .inUse else { continue }
            figures.dirty += try statement.column(3, as: Int.self)
            figures.leakedBytes += try statement.column(4, as: Double.self)
            figures.corruptions += try statement.column(5, as: Double.self)
        }
    }

    /// The number of errors in the latest complete scans. An interrupted scan has not tested whether a root is mounted,
    /// and the scan of another pool says nothing about this one. Each shard walks all directories, so several may
    /// report the same error.
    private func errorsOfCompleteScans(
        _ scope: HostScope, _ roots: String?, since time: Double
    ) throws(SQLiteError) -> Int {
        try Int(
            sqliteValue: database.scalar(
                """
                WITH
                    latest AS (
                        SELECT host, roots, max(id) AS id FROM scan
                        WHERE \(scope.condition) AND state = 'completed' AND roots = ifnull(?2, roots)
                        GROUP BY host, roots, shard_number),
                    errors AS (
                        SELECT latest.host, latest.roots, count(DISTINCT ifnull(path_bytes, path)) AS count
                        FROM latest JOIN scan USING (id) JOIN path_error ON scan_id = scan.id
                        WHERE scan.shard_count IS (
                                SELECT shard_count FROM scan AS newest WHERE newest.id = (
                                    SELECT max(id) FROM latest AS other
                                    WHERE other.host = latest.host AND other.roots = latest.roots))
                            AND (julianday(finished_at) - 2440587.5) * 86400 >= ?3
                        GROUP BY 1, 2)
                SELECT ifnull(sum(most), 0) FROM (SELECT max(count) AS most FROM errors GROUP BY host)
                """, scope.value, roots, time)) ?? 0
    }

    private func treeLost(_ scope: HostScope, _ roots: String?) throws(SQLiteError) -> Int {
        try Int(
            sqliteValue: database.scalar(
                """
                WITH root AS (SELECT value AS path, rtrim(value, '/') AS stem FROM json_each(?2))
                SELECT count(*) FROM assessment AS image
                WHERE \(scope.condition) AND assessment = 'tree-lost' AND \(ScanStore.isBelowRoots)
                """, scope.value, roots)) ?? 0
    }

    /// Whether a row of `image` is below a row of `root`, or no roots were given.
    private static let isBelowRoots = """
        (?2 IS NULL OR EXISTS (
            SELECT 1 FROM root
            WHERE image.path = root.path OR (image.path >= stem || '/' AND image.path < stem || '0')))
        """

    private func lastScan(_ scope: HostScope, _ roots: String?) throws(SQLiteError) -> PoolFigures.LastScan? {
        let statement = try database.prepare(
            """
            SELECT state, (julianday(started_at) - 2440587.5) * 86400, (julianday(finished_at) - 2440587.5) * 86400,
                files_seen, images_seen, reused, path_errors, bytes_read
            FROM scan
            WHERE id = (
                SELECT max(id) FROM scan
                WHERE \(scope.condition) AND finished_at IS NOT NULL AND roots = ifnull(?2, roots))
            """)
        try statement.bind(scope.value, roots)
        guard try statement.step() else { return nil }
        return PoolFigures.LastScan(
            state: try statement.column(0), startedAt: try statement.column(1), finishedAt: try statement.column(2),
            filesSeen: try statement.column(3), imagesSeen: try statement.column(4), reused: try statement.column(5),
            pathErrors: try statement.column(6), bytesRead: try statement.column(7))
    }
}

/// When all images of a host or pool were last scanned.
package struct LastCompleteScan: Sendable {
    /// As in the column `host`.
    package let host: String
    /// When the latest complete scan ended, seconds since 1970. For a pool in shards, it is the oldest of the latest
    /// scans of its shards. nil if there is none, or not one of every shard. A scan that could read no root does not
    /// count.
    package let finishedAt: Double?
}

extension ScanStore {
    /// The last complete scan of each host and pool that has images, or of all if none has images.
    ///
    /// A machine's own store has only the shards that the machine scanned. Only a merged store must have every shard.
    ///
    /// - Parameter roots: as in `scan.roots`: only scans of these count; nil for all.
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
