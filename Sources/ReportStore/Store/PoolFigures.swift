import QED

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
    package internal(set) var unsettledRepairs = 0
    /// Paths that could not be read: by the latest scan that ended, or by the latest complete one of some paths, which
    /// may be others. The most of them.
    package internal(set) var pathErrors = 0
    /// The latest scan that ended; nil if none did.
    package internal(set) var lastScan: LastScan?
    /// When the latest complete scan ended, seconds since 1970; nil if there is none.
    package internal(set) var lastCompletion: Double?

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

extension ReportStore {
    /// The figures of a machine: of all images and scans that are its own or a pool's that it has scanned, or of those below
    /// the roots of one scan.
    ///
    /// - Parameters:
    ///   - roots: as `scan.roots` has them, a JSON array of paths; nil for all.
    ///   - errorsSince: seconds since 1970; the errors of complete scans that ended earlier do not count.
    package func poolFigures(
        node: String, roots: String?, errorsSince: Double = 0
    ) throws(StoreError) -> PoolFigures {
        try StoreError.wrap { () throws(SQLiteError) in
            var figures = PoolFigures()
            for outcome in Outcome.allCases { figures.outcomes[outcome] = 0 }
            // One state of the store for all of them.
            try database.transaction(.deferred) { () throws(SQLiteError) in
                try addImages(to: &figures, node, roots)
                if figures.hasDamage { figures.treeLost = try treeLost(node, roots) }
                figures.lastScan = try lastScan(node, roots)
                figures.pathErrors = max(
                    figures.lastScan?.pathErrors ?? 0, try errorsOfCompleteScans(node, roots, since: errorsSince))
                figures.lastCompletion = try Double(
                    sqliteValue: database.scalar(
                        """
                        SELECT max((julianday(finished_at) - 2440587.5) * 86400) FROM scan
                        WHERE host IN (\(Pool.hostsOfNode)) AND state = 'completed' AND roots = ifnull(?, roots)
                        """, node, roots))
                figures.unsettledRepairs =
                    try Int(
                        sqliteValue: database.scalar(
                            "SELECT count(*) FROM repair WHERE host = ? AND state = 'prepared'", node))
                    ?? 0
            }
            return figures
        }
    }

    /// Roots as `scan.roots` has them.
    package func rootsText(_ roots: [RawPath]) throws(StoreError) -> String? {
        try StoreError.wrap { () throws(SQLiteError) in String(sqliteValue: try jsonArray(roots.map(\.text))) }
    }

    private func addImages(to figures: inout PoolFigures, _ node: String, _ roots: String?) throws(SQLiteError) {
        let statement = try database.prepare(
            """
            WITH root AS (SELECT value AS path, rtrim(value, '/') AS stem FROM json_each(?2))
            SELECT outcome, present, count(*), ifnull(sum(dirty), 0), total(leaks * cluster_size), total(corruptions)
            FROM latest_check AS image
            WHERE host IN (\(Pool.hostsOfNode)) AND \(ReportStore.isBelowRoots)
            GROUP BY outcome, present
            """)
        try statement.bind(node, roots)
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
    private func errorsOfCompleteScans(
        _ node: String, _ roots: String?, since time: Double
    ) throws(SQLiteError) -> Int {
        try Int(
            sqliteValue: database.scalar(
                """
                SELECT ifnull(max(path_errors), 0) FROM scan
                WHERE id IN (
                        SELECT max(id) FROM scan
                        WHERE host IN (\(Pool.hostsOfNode)) AND state = 'completed' AND roots = ifnull(?, roots)
                        GROUP BY roots)
                    AND (julianday(finished_at) - 2440587.5) * 86400 >= ?
                """, node, roots, time)) ?? 0
    }

    private func treeLost(_ node: String, _ roots: String?) throws(SQLiteError) -> Int {
        try Int(
            sqliteValue: database.scalar(
                """
                WITH root AS (SELECT value AS path, rtrim(value, '/') AS stem FROM json_each(?2))
                SELECT count(*) FROM assessment AS image
                WHERE host IN (\(Pool.hostsOfNode)) AND assessment = 'tree-lost' AND \(ReportStore.isBelowRoots)
                """, node, roots)) ?? 0
    }

    /// Whether a row of `image` is below a row of `root`, or no roots were given.
    private static let isBelowRoots = """
        (?2 IS NULL OR EXISTS (
            SELECT 1 FROM root
            WHERE image.path = root.path OR (image.path >= stem || '/' AND image.path < stem || '0')))
        """

    private func lastScan(_ node: String, _ roots: String?) throws(SQLiteError) -> PoolFigures.LastScan? {
        let statement = try database.prepare(
            """
            SELECT state, (julianday(started_at) - 2440587.5) * 86400, (julianday(finished_at) - 2440587.5) * 86400,
                files_seen, images_seen, reused, path_errors, bytes_read
            FROM scan
            WHERE id = (
                SELECT max(id) FROM scan
                WHERE host IN (\(Pool.hostsOfNode)) AND finished_at IS NOT NULL AND roots = ifnull(?, roots))
            """)
        try statement.bind(node, roots)
        guard try statement.step() else { return nil }
        return PoolFigures.LastScan(
            state: try statement.column(0), startedAt: try statement.column(1), finishedAt: try statement.column(2),
            filesSeen: try statement.column(3), imagesSeen: try statement.column(4), reused: try statement.column(5),
            pathErrors: try statement.column(6), bytesRead: try statement.column(7))
    }
}
