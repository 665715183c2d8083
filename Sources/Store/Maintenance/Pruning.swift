import SQLite

/// Removes old scans from a store, and what only they saw.
///
/// It uses short transactions, and the store is consistent after each. A crash in between leaves some of the old rows
/// to the next pruning. The scans are marked first, so that no question looks at what is partly removed.
package struct Pruning {
    /// Rows in a transaction, and images in a transaction.
    private static let batch = 2000
    private static let imageBatch = 200

    /// What is or was removed.
    package let counts: PruneCounts
    private let database: Database

    /// Finds out what a rule removes; changes nothing. If the store is open to write, the caller holds the run lock.
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

    /// Removes the rows.
    package func run() throws(StoreError) {
        guard !counts.isEmpty else { return }
        try StoreError.wrap { () throws(SQLiteError) in
            // No scan may continue one that is removed.
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
            // SQLite looks for the images of each scan. The index is created here only, so that scans need not update
            // it.
            try change(
                """
                CREATE INDEX image_by_last_scan ON image (last_scan_id);
                DELETE FROM scan WHERE \(PruneCounts.unreferencedScans);
                DROP INDEX image_by_last_scan
                """)
        }
    }

    /// Removes the repairs. A repair and its results refer to each other, so they are removed in one transaction.
    private func removeRepairs() throws(SQLiteError) {
        try forEachBatch(of: "pruned_repair", by: Pruning.imageBatch) { range throws(SQLiteError) in
            let images = "SELECT image_id FROM repair WHERE id IN (SELECT id FROM pruned_repair WHERE \(range))"
            // All repairs of an image are removed together, wherever the batch ends.
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

    /// Calls a function for each batch of IDs of a table of the plan, with a condition that selects them, each time in
    /// a separate transaction.
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

/// The number of rows that a pruning removes.
package struct PruneCounts: Hashable, Sendable {
    /// Rows of `scan`.
    package internal(set) var scans = 0
    /// Scans that are only marked as pruned, since something still refers to them.
    package internal(set) var marked = 0
    /// Images that have been missing for long, with everything about them.
    package internal(set) var images = 0
    package internal(set) var results = 0
    package internal(set) var findings = 0
    /// Rows of `image_event` and `scan_root`.
    package internal(set) var events = 0
    package internal(set) var pathErrors = 0
    package internal(set) var repairs = 0

    package init() {}

    package var isEmpty: Bool { self == PruneCounts() }
}

extension PruneCounts {
    /// SQL: whether a scan is the last completed one of its roots. It stays with its errors, since the next scan is
    /// compared with it.
    static let isLastOfRoots = """
        (scan.state = 'completed' AND NOT EXISTS (
                SELECT 1 FROM scan AS later
                WHERE later.host = scan.host AND later.roots = scan.roots AND later.state = 'completed'
                    AND later.id > scan.id))
        """

    /// SQL: the scans before the first kept one that nothing refers to except what is removed.
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

    /// Counts the rows of a plan's tables.
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

/// The size of a store's file, in bytes.
package struct StoreSpace: Sendable {
    /// The size of the file.
    package let bytes: Int64
    /// The size of its free pages, which new rows use before the file grows.
    package let freeBytes: Int64

    package init(_ store: ScanStore) throws(StoreError) {
        (bytes, freeBytes) = try StoreError.wrap { () throws(SQLiteError) in
            let size = Int64(sqliteValue: try store.database.scalar("PRAGMA page_size")) ?? 0
            let pages = Int64(sqliteValue: try store.database.scalar("PRAGMA page_count")) ?? 0
            let free = Int64(sqliteValue: try store.database.scalar("PRAGMA freelist_count")) ?? 0
            return (pages * size, free * size)
        }
    }

    /// Whether half of the file is free.
    ///
    /// With 100,000 images and 30 scans (75 MB), pruning to 7 scans frees a quarter of the file in 4 s. Each following
    /// night frees less than a thousandth, which the next scan fills again. Compacting takes 1 s, but needs room for a
    /// second copy and holds up every writer: too much for every night.
    package var isWorthCompacting: Bool { freeBytes > bytes / 2 }
}

extension ScanStore {
    /// Rewrites the file without free pages. Needs room for a second copy of what is left.
    package func compact() throws(StoreError) {
        try StoreError.wrap { [database] () throws(SQLiteError) in try database.execute("VACUUM") }
    }
}
