import SQLite

/// Takes old scans, and what only they saw, out of a store.
///
/// In short transactions, each of which leaves a store that is whole: a crash in between leaves some of the old rows,
/// and the next pruning takes them. The scans are marked first, so that nothing is asked of what is partly gone.
package struct Pruning {
    /// Rows of one transaction, and images of one.
    private static let batch = 2000
    private static let imageBatch = 200

    /// What goes, or has gone.
    package let counts: PruneCounts
    private let database: Database

    /// Works out what a rule takes away; changes nothing. On a store that may be written, the run lock is to be held.
    package init(_ rule: PruneRule, in store: ScanStore) throws(StoreError) {
        let database = store.database
        self.database = database
        counts = try StoreError.wrap { () throws(SQLiteError) in
            try database.transaction(.deferred) { () throws(SQLiteError) in
                try PrunePlan(database: database).make(rule)
                return try PruneCounts(plannedIn: database)
            }
        }
    }

    /// Takes the rows away.
    package func run() throws(StoreError) {
        guard !counts.isEmpty else { return }
        try StoreError.wrap { () throws(SQLiteError) in
            // Of scans that go, nothing may be the continuation.
            try change(
                """
                UPDATE scan SET continues_scan_id = NULL
                WHERE id < (SELECT first_kept FROM pruned_host WHERE host = scan.host)
                """)
            try change(
                """
                UPDATE scan SET pruned_at = '\(Timestamp.now())'
                WHERE pruned_at IS NULL AND id < (SELECT first_kept FROM pruned_host WHERE host = scan.host)
                """)
            try removeRepairs()
            try remove("DELETE FROM check_result WHERE id IN", from: "pruned_result", by: Pruning.batch)
            try removeImages()
            try remove("DELETE FROM image_event WHERE id IN", from: "pruned_event", by: Pruning.batch)
            try remove("DELETE FROM path_error WHERE id IN", from: "pruned_error", by: Pruning.batch)
            try change(
                "DELETE FROM scan_root WHERE (scan_id, number) IN (SELECT scan_id, number FROM pruned_root)")
            // A scan keeps no index up to date that only this needs: SQLite looks for the images of each.
            try change(
                """
                CREATE INDEX image_by_last_scan ON image (last_scan_id);
                DELETE FROM scan WHERE \(PruneCounts.unreferencedScans);
                DROP INDEX image_by_last_scan
                """)
        }
    }

    /// A repair and its results refer to each other, so that they go in one transaction.
    private func removeRepairs() throws(SQLiteError) {
        try forEachBatch(of: "pruned_repair", by: Pruning.imageBatch) { range throws(SQLiteError) in
            let images = "SELECT image_id FROM repair WHERE id IN (SELECT id FROM pruned_repair WHERE \(range))"
            // All repairs of an image go together, wherever the batch ends.
            let repairs = "SELECT id FROM repair WHERE image_id IN (\(images))"
            try database.execute(
                """
                PRAGMA defer_foreign_keys = ON;
                CREATE TEMP TABLE pruned_now AS \(repairs);
                DELETE FROM check_result WHERE repair_id IN (SELECT id FROM pruned_now);
                DELETE FROM repair WHERE id IN (SELECT id FROM pruned_now);
                DROP TABLE pruned_now;
                """)
        }
    }

    private func removeImages() throws(SQLiteError) {
        try forEachBatch(of: "pruned_image", by: Pruning.imageBatch) { range throws(SQLiteError) in
            let images = "(SELECT id FROM pruned_image WHERE \(range))"
            try database.execute(
                """
                UPDATE backing SET base_image_id = NULL WHERE base_image_id IN \(images);
                DELETE FROM backing WHERE image_id IN \(images);
                DELETE FROM image_event WHERE image_id IN \(images) OR other_image_id IN \(images);
                DELETE FROM check_result WHERE image_id IN \(images);
                DELETE FROM image WHERE id IN \(images);
                """)
        }
    }

    private func remove(_ statement: String, from table: String, by size: Int) throws(SQLiteError) {
        try forEachBatch(of: table, by: size) { range throws(SQLiteError) in
            try database.execute("\(statement) (SELECT id FROM \(table) WHERE \(range))")
        }
    }

    /// Calls a function with a condition for each so many IDs of a table of the plan, in a transaction of its own.
    private func forEachBatch(
        of table: String, by size: Int, _ body: (String) throws(SQLiteError) -> Void
    ) throws(SQLiteError) {
        let next = try database.prepare(
            "SELECT max(id) FROM (SELECT id FROM \(table) WHERE id > ? ORDER BY id LIMIT \(size))")
        var last: Int64 = 0
        while true {
            try next.bind(last)
            guard try next.step(), let end = try next.column(0, as: Int64?.self) else { break }
            next.reset()
            let range = "id > \(last) AND id <= \(end)"
            try database.transaction(.immediate) { () throws(SQLiteError) in try body(range) }
            last = end
        }
        next.reset()
    }

    private func change(_ sql: String) throws(SQLiteError) {
        try database.transaction(.immediate) { () throws(SQLiteError) in try database.execute(sql) }
    }
}

extension PruneCounts {
    /// A scan says what is new since the last completed one of the same roots, which stays with its errors.
    static let isLastOfRoots = """
        (scan.state = 'completed' AND NOT EXISTS (
                SELECT 1 FROM scan AS later
                WHERE later.host = scan.host AND later.roots = scan.roots AND later.state = 'completed'
                    AND later.id > scan.id))
        """

    /// The scans before the first kept one that nothing else needs than what goes.
    static let unreferencedScans = """
        id < (SELECT first_kept FROM pruned_host WHERE host = scan.host)
            AND id <> (SELECT previous FROM pruned_host WHERE host = scan.host)
            AND NOT \(isLastOfRoots)
            AND NOT EXISTS (SELECT 1 FROM image WHERE first_scan_id = scan.id
                AND id NOT IN (SELECT id FROM pruned_image))
            AND id NOT IN (SELECT last_scan_id FROM image WHERE id NOT IN (SELECT id FROM pruned_image))
            AND NOT EXISTS (SELECT 1 FROM image WHERE missing_since_scan_id = scan.id
                AND id NOT IN (SELECT id FROM pruned_image))
            AND NOT EXISTS (SELECT 1 FROM check_result AS r WHERE r.scan_id = scan.id
                AND r.id NOT IN (SELECT id FROM pruned_result) AND r.image_id NOT IN (SELECT id FROM pruned_image))
            AND NOT EXISTS (SELECT 1 FROM backing WHERE backing.scan_id = scan.id
                AND image_id NOT IN (SELECT id FROM pruned_image))
            AND NOT EXISTS (SELECT 1 FROM backing WHERE base_changed_scan_id = scan.id
                AND image_id NOT IN (SELECT id FROM pruned_image))
            AND NOT EXISTS (SELECT 1 FROM image_event AS e WHERE e.scan_id = scan.id
                AND e.id NOT IN (SELECT id FROM pruned_event))
            AND NOT EXISTS (SELECT 1 FROM scan_root AS s WHERE s.scan_id = scan.id
                AND (s.scan_id, s.number) NOT IN (SELECT scan_id, number FROM pruned_root))
        """

    /// What the tables of a plan hold.
    init(plannedIn database: Database) throws(SQLiteError) {
        func count(_ sql: String) throws(SQLiteError) -> Int {
            Int(sqliteValue: try database.scalar("SELECT count(*) FROM \(sql)")) ?? 0
        }
        let results = """
            SELECT id FROM pruned_result
            UNION ALL SELECT id FROM check_result WHERE image_id IN (SELECT id FROM pruned_image)
            """
        scans = try count("scan WHERE \(PruneCounts.unreferencedScans)")
        let unmarked = try count(
            "scan WHERE pruned_at IS NULL AND id < (SELECT first_kept FROM pruned_host WHERE host = scan.host)")
        let unmarkedAndGone = try count("scan WHERE pruned_at IS NULL AND \(PruneCounts.unreferencedScans)")
        marked = unmarked - unmarkedAndGone
        images = try count("pruned_image")
        self.results = try count("(\(results))")
        findings = try count("finding WHERE check_result_id IN (\(results))")
        events = try count("pruned_event") + count("pruned_root")
        pathErrors = try count("pruned_error")
        repairs = try count("pruned_repair")
    }
}
