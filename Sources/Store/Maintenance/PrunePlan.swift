import Files
import Repair
import SQLite

/// Which scans are kept. At least one of the two rules is given; a scan is removed only if every given rule allows it.
package struct PruneRule: Sendable {
    /// How many of the newest completed scans of each host are kept, with the scans between them; at least 1.
    package let keepScans: Int?
    /// A `Timestamp`: scans that began then or later are kept, and always the newest completed one.
    package let keepSince: String?

    package init(keepScans: Int?, keepSince: String?) {
        self.keepScans = keepScans
        self.keepSince = keepSince
    }
}

/// Which rows a pruning removes. They are collected in temporary tables, `temp.pruned_*`, before any is removed.
///
/// For each host, `first_kept` is the oldest scan that the rule keeps, and `previous` the one before it. Everything
/// from `previous` on stays, so that what `scan_change` and the reports say about kept scans stays true: they look at
/// the scan before, and at what was known of an image then. For that, each image keeps its last conclusive result
/// before `previous`, and all later ones.
struct PrunePlan {
    let database: Database

    /// Call it in a transaction, so that it sees one state.
    func make(_ rule: PruneRule) throws(SQLiteError) {
        try database.execute(PrunePlan.tables)
        try addHosts(rule)
        try addImagesWithJournals()
        try database.execute(PrunePlan.images)
        try database.execute(PrunePlan.rows)
    }

    private func addHosts(_ rule: PruneRule) throws(SQLiteError) {
        try database.prepare(
            """
            INSERT INTO pruned_host (host, first_kept, previous)
            WITH kept (host, id) AS (
                SELECT known.host, ranked.id
                FROM (SELECT host, count(*) AS shards FROM latest_scan GROUP BY host) AS known
                LEFT JOIN (
                    SELECT host, id, row_number() OVER (PARTITION BY host ORDER BY id DESC) AS place
                    FROM scan WHERE state = 'completed'
                ) AS ranked ON ranked.host = known.host AND ranked.place = ?1 * known.shards
                WHERE ?1 IS NOT NULL
                UNION ALL
                SELECT host, min(
                    max(iif(state = 'completed', id, NULL)),
                    ifnull(min(iif(started_at >= ?2, id, NULL)), 9223372036854775807))
                FROM scan WHERE ?2 IS NOT NULL GROUP BY host
            )
            SELECT host, first_kept, previous
            FROM (
                SELECT
                    host,
                    min(id) AS first_kept,
                    -- NULL as well if one of the rules keeps every scan.
                    iif(count(id) = count(*), (
                        SELECT max(scan.id) FROM scan WHERE scan.host = kept.host AND scan.id < min(kept.id)), NULL)
                        AS previous
                FROM kept GROUP BY host
            )
            WHERE previous IS NOT NULL
            """
        ).run(rule.keepScans, rule.keepSince)
        try database.execute(PrunePlan.chains)
    }

    /// Adds the images whose repairs stay: one of them has not ended, can still be undone, or is recent.
    private func addImagesWithJournals() throws(SQLiteError) {
        try database.execute(
            """
            INSERT INTO pruned_journal_image (id)
            SELECT image.id FROM image WHERE EXISTS (
                SELECT 1 FROM repair
                LEFT JOIN pruned_host ON pruned_host.host = image.host
                LEFT JOIN scan ON scan.id = pruned_host.previous
                WHERE repair.image_id = image.id AND (
                    pruned_host.host IS NULL OR repair.finished_at IS NULL OR repair.finished_at >= scan.started_at
                    -- It cannot be used any more, but it is the only record of an incomplete repair.
                    OR repair.state = 'conflict'));
            """)
        let candidates = try database.prepare(
            """
            SELECT repair.id, repair.host, repair.image_id, r.device, r.inode, r.file_size, r.mtime_ns, r.ctime_ns
            FROM repair JOIN check_result AS r
                ON r.id = (SELECT max(id) FROM check_result WHERE image_id = repair.image_id)
            WHERE state = 'done' AND repair.image_id NOT IN (SELECT id FROM pruned_journal_image) ORDER BY repair.id
            """)
        let insert = try database.prepare("INSERT OR IGNORE INTO pruned_journal_image (id) VALUES (?)")
        let store = ScanStore(sharing: database)
        while try candidates.step() {
            let journal = StoreJournal(reading: store, host: try candidates.column(1))
            let id: RepairID = try candidates.column(0)
            guard try journal.objection(to: id) == nil, let last = try journal.lastOfChain(since: id)?.identity else {
                continue
            }
            // An undo needs the file as the repair left it. If a later scan saw another state, there can be no undo.
            let isAsLeft = try FileIdentity(candidates, at: 3).isContinued(from: last)
            if isAsLeft { try insert.run(candidates.column(2, as: Int64.self)) }
        }
    }

    /// Keeps the scans that a kept one resumes, and everything later.
    private static let chains = """
        UPDATE pruned_host SET first_kept = (
            WITH RECURSIVE low (id) AS (
                SELECT pruned_host.first_kept
                UNION
                SELECT scan.continues_scan_id
                FROM low JOIN scan ON scan.host = pruned_host.host AND scan.id >= low.id
                WHERE scan.continues_scan_id < low.id
            )
            SELECT min(id) FROM low);
        UPDATE pruned_host SET previous = (
            SELECT max(id) FROM scan WHERE scan.host = pruned_host.host AND scan.id < pruned_host.first_kept);
        DELETE FROM pruned_host WHERE previous IS NULL;
        """

    private static let tables = """
        DROP TABLE IF EXISTS temp.pruned_host;
        DROP TABLE IF EXISTS temp.pruned_journal_image;
        DROP TABLE IF EXISTS temp.pruned_image;
        DROP TABLE IF EXISTS temp.pruned_repair;
        DROP TABLE IF EXISTS temp.pruned_result;
        DROP TABLE IF EXISTS temp.pruned_event;
        DROP TABLE IF EXISTS temp.pruned_root;
        DROP TABLE IF EXISTS temp.pruned_error;
        CREATE TEMP TABLE pruned_host (host TEXT PRIMARY KEY, first_kept INTEGER, previous INTEGER);
        CREATE TEMP TABLE pruned_journal_image (id INTEGER PRIMARY KEY);
        CREATE TEMP TABLE pruned_image (id INTEGER PRIMARY KEY);
        CREATE TEMP TABLE pruned_repair (id INTEGER PRIMARY KEY);
        CREATE TEMP TABLE pruned_result (id INTEGER PRIMARY KEY);
        CREATE TEMP TABLE pruned_event (id INTEGER PRIMARY KEY);
        CREATE TEMP TABLE pruned_root (scan_id INTEGER, number INTEGER);
        CREATE TEMP TABLE pruned_error (id INTEGER PRIMARY KEY);
        """

    /// The images that have been missing since before `previous` and that nothing kept refers to, and the repairs. The
    /// repairs of an image are removed together or not at all, as undos refer to each other. A repair whose result
    /// stays, stays.
    private static let images = """
        INSERT INTO pruned_image (id)
        SELECT image.id FROM image JOIN pruned_host ON pruned_host.host = image.host
        WHERE image.missing_since_scan_id < pruned_host.previous AND image.missing_since_scan_id > image.last_scan_id
            AND image.id NOT IN (SELECT id FROM pruned_journal_image)
            AND NOT EXISTS (
                SELECT 1 FROM image_event
                WHERE image_event.scan_id >= pruned_host.first_kept
                    AND (image_event.image_id = image.id OR image_event.other_image_id = image.id));

        INSERT OR IGNORE INTO pruned_journal_image (id)
        SELECT own.image_id
        FROM check_result AS own
        JOIN image ON image.id = own.image_id
        JOIN pruned_host ON pruned_host.host = image.host
        WHERE own.repair_id IS NOT NULL AND image.id NOT IN (SELECT id FROM pruned_image)
            AND own.id >= \(known(of: "image.id"));

        INSERT INTO pruned_repair (id)
        SELECT id FROM repair WHERE image_id NOT IN (SELECT id FROM pruned_journal_image);
        """

    /// The results, without those of images that are removed altogether, and the other rows of scans.
    private static let rows = """
        INSERT INTO pruned_result (id)
        SELECT r.id
        FROM image
        JOIN pruned_host ON pruned_host.host = image.host
        JOIN check_result AS r ON r.image_id = image.id
        WHERE r.scan_id < pruned_host.previous AND image.id NOT IN (SELECT id FROM pruned_image)
            AND r.id < \(known(of: "image.id"))
            AND (r.repair_id IS NULL OR r.repair_id IN (SELECT id FROM pruned_repair))
            AND NOT EXISTS (
                SELECT 1 FROM repair WHERE check_result_before_id = r.id AND id NOT IN (SELECT id FROM pruned_repair))
            AND NOT EXISTS (
                SELECT 1 FROM repair WHERE check_result_after_id = r.id AND id NOT IN (SELECT id FROM pruned_repair));

        -- Missing images stay missing, and a known move is not found again.
        INSERT INTO pruned_event (id)
        SELECT e.id
        FROM image_event AS e
        JOIN image ON image.id = e.image_id
        JOIN pruned_host ON pruned_host.host = image.host
        LEFT JOIN image AS other ON other.id = e.other_image_id
        WHERE e.image_id IN (SELECT id FROM pruned_image) OR e.other_image_id IN (SELECT id FROM pruned_image)
            OR e.scan_id < pruned_host.first_kept AND CASE e.event
                WHEN 'moved' THEN other.last_scan_id >= e.scan_id
                WHEN 'returned' THEN 1
                ELSE EXISTS (
                    SELECT 1 FROM image_event AS later
                    WHERE later.image_id = e.image_id AND later.id > e.id AND later.event <> 'moved'
                        AND later.scan_id < pruned_host.first_kept)
            END;

        -- The last row of a root is kept, as it says on which device the root was.
        INSERT INTO pruned_root (scan_id, number)
        SELECT scan_root.scan_id, scan_root.number
        FROM scan_root
        JOIN scan ON scan.id = scan_root.scan_id
        JOIN pruned_host ON pruned_host.host = scan.host
        WHERE scan.id < pruned_host.first_kept AND (
            scan_root.state <> 'read' OR EXISTS (
                SELECT 1 FROM scan_root AS later JOIN scan AS later_scan ON later_scan.id = later.scan_id
                WHERE later.path = scan_root.path AND later.path_bytes IS scan_root.path_bytes
                    AND later.state = 'read' AND later.scan_id > scan_root.scan_id AND later_scan.host = scan.host));

        INSERT INTO pruned_error (id)
        SELECT path_error.id
        FROM path_error
        JOIN scan ON scan.id = path_error.scan_id
        JOIN pruned_host ON pruned_host.host = scan.host
        WHERE scan.id < pruned_host.first_kept AND NOT \(PruneCounts.isLastOfRoots);
        """

    /// SQL: the ID of the first result of an image that stays: the last conclusive one before `previous`, else the last
    /// one.
    private static func known(of image: String) -> String {
        """
        (
                SELECT ifnull(max(iif(k.outcome NOT IN ('in_use', 'changing'), k.id, NULL)), max(k.id))
                FROM check_result AS k WHERE k.image_id = \(image) AND k.scan_id < pruned_host.previous)
        """
    }
}
