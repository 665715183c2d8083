import Files
import QED
import SQLite

/// What monitoring wants to know of a pool: the images that the store has below some roots, and how their last scan went.
package struct PoolFigures: Sendable {
    /// Images that are there, by outcome. Every outcome has a count.
    package internal(set) var outcomes: [Outcome: Int] = [:]
    /// Images that are not there any more, as of the latest scan that looked.
    package internal(set) var missing = 0
    /// Of images that are not in use; the counters below too.
    package internal(set) var dirty = 0
    package internal(set) var leakedBytes = 0.0
    package internal(set) var corruptions = 0.0
    /// Images of which tables are lost, by the view `assessment`: their data is out of the guest's reach.
    package internal(set) var treeLost = 0
    /// Repairs that did not come to their end and wait to be settled.
    package internal(set) var unfinishedRepairs = 0
    /// Paths that could not be read: by the latest scan that ended, or by the latest complete one of some paths, which
    /// may be others. The most of them; of several hosts and pools, their sum.
    package internal(set) var pathErrors = 0
    /// The latest scan that ended; nil if none did.
    package internal(set) var lastScan: LastScan?
    /// Of each host and pool, by name.
    package internal(set) var completions: [LastCompleteScan] = []

    /// When the latest complete scan ended, seconds since 1970: of the host or pool of which it is the oldest. Nil if there
    /// is none of any.
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
    /// The figures of a machine, of one host or pool, or of all: of all images and scans, or of those below the roots of one
    /// scan.
    ///
    /// - Parameters:
    ///   - roots: as `scan.roots` has them, a JSON array of paths; nil for all.
    ///   - errorsSince: seconds since 1970; the errors of complete scans that ended earlier do not count.
    package func poolFigures(
        _ scope: HostScope, roots: String?, errorsSince: Double = 0
    ) throws(StoreError) -> PoolFigures {
        try StoreError.wrap { () throws(SQLiteError) in
            var figures = PoolFigures()
            for outcome in Outcome.allCases { figures.outcomes[outcome] = 0 }
            // One state of the store for all of them.
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

    /// Roots as `scan.roots` has them.
    package func rootsText(_ roots: [RawPath]) throws(StoreError) -> String? {
        try StoreError.wrap { () throws(SQLiteError) in String(sqliteValue: try jsonArray(roots.map(\.text))) }
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
            // A running machine has its image dirty, and what was counted in it is provisional.
            guard outcome != .inUse else { continue }
            figures.dirty += try statement.column(3, as: Int.self)
            figures.leakedBytes += try statement.column(4, as: Double.self)
            figures.corruptions += try statement.column(5, as: Double.self)
        }
    }

    /// A scan that was interrupted has not looked whether a root is mounted, and another pool's says nothing of this one.
    /// Each shard walks all directories, so that it finds what others find as well.
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
