/// The page's questions to the store.
enum PageQuestions {
    static let scans = """
        SELECT *, (SELECT group_concat(value, ', ') FROM json_each(roots)) AS root_paths
        FROM scan_summary
        WHERE scan_id IN (SELECT scan_id FROM latest_scan)
        ORDER BY host, shard_number
        """

    /// At most ?1.
    static let hosts = "SELECT DISTINCT host FROM latest_scan ORDER BY host LIMIT ?1"

    /// The provisional counters of images in use are left out: they do not tell of damage.
    static let outcomes = """
        SELECT
            outcome,
            count(*) AS images,
            CAST(total(dirty AND outcome <> 'in_use') AS INTEGER) AS dirty,
            CAST(total(iif(outcome = 'in_use', 0, corruptions)) AS INTEGER) AS corruptions,
            CAST(total(iif(outcome = 'in_use', 0, leaks)) AS INTEGER) AS leaks,
            CAST(total(iif(outcome = 'in_use', 0, leaks * cluster_size)) AS INTEGER) AS leaked_bytes,
            CAST(total(iif(outcome IN ('invalid', 'unsupported'), 0, image_size)) AS INTEGER) AS virtual_bytes,
            CAST(total(disk_size) AS INTEGER) AS disk_bytes
        FROM latest_check
        WHERE present
        GROUP BY outcome
        ORDER BY images DESC, outcome
        """

    static let missing = "SELECT count(*) AS images FROM image WHERE missing_since_scan_id IS NOT NULL"

    /// The last scans of each host, at most ?1 of each, the oldest first. A repair shows in the next scan.
    ///
    /// For a host that is scanned in shards, a row is the last scan of a day, UTC, and has the sums of the latest scans
    /// that all shards had then: what one shard saw says nothing about the pool. The figures are those of the report
    /// `trend`.
    static let trend = """
        WITH
        trend AS MATERIALIZED (
        \(Report.trendSQL)
        ),
        point AS (
            SELECT id, host, started_at, shard_count
            FROM (
                SELECT
                    id, host, started_at, shard_count, row_number() OVER (PARTITION BY host ORDER BY id DESC) AS place
                FROM scan
                WHERE pruned_at IS NULL AND (
                    shard_count IS NULL OR NOT EXISTS (
                        SELECT 1 FROM scan AS later
                        WHERE later.host = scan.host AND later.id > scan.id AND later.shard_count = scan.shard_count
                            AND substr(later.started_at, 1, 10) = substr(scan.started_at, 1, 10)))
            )
            WHERE place <= ?1
        )
        SELECT
            point.host, point.id, point.started_at, point.shard_count,
            CASE
                WHEN point.shard_count IS NULL THEN max(part.state)
                ELSE sum(part.state = 'completed') || ' of ' || point.shard_count || ' completed'
            END AS state,
            sum(part.images) AS images_seen, sum(part.clean) AS clean, sum(part.leaking) AS leaking,
            sum(part.corrupt + part.incomplete + part.invalid) AS damaged,
            sum(part.unsupported + part.in_use + part.changing) AS other, sum(part.dirty) AS dirty,
            (SELECT leaked_bytes FROM trend WHERE scan_id = point.id) AS leaked_bytes
        FROM point CROSS JOIN trend AS part ON part.scan_id IN (
            SELECT max(id) FROM scan AS seen
            WHERE seen.host = point.host AND id <= point.id AND shard_count IS point.shard_count
            GROUP BY shard_number)
        GROUP BY point.id
        ORDER BY point.id
        """

    static let changes = """
        SELECT scan_change.*, image.host AS host
        FROM scan_change JOIN image ON image.id = scan_change.image_id
        WHERE scan_id IN (SELECT scan_id FROM latest_scan) AND previous_scan_id IS NOT NULL
        ORDER BY
            CASE change WHEN 'newly-damaged' THEN 0 WHEN 'worse' THEN 1 WHEN 'vanished' THEN 2 ELSE 3 END,
            change, scan_change.path, scan_id
        """

    private static let rank = """
        CASE assessment
            WHEN 'unusable' THEN 1 WHEN 'tree-lost' THEN 2 WHEN 'data-lost' THEN 3 WHEN 'data-at-risk' THEN 4
            WHEN 'space' THEN 5 WHEN 'harmless' THEN 6 ELSE 7
        END
        """

    /// Every image that is not clean, is dirty or is missing, and every path that the last scans could not read.
    static let problems = """
        WITH assessed AS MATERIALIZED (SELECT * FROM assessment)
        SELECT * FROM (
            SELECT
                latest.image_id, latest.host, latest.path, iif(present, latest.outcome, 'missing') AS state,
                assessment, latest.dirty, iif(latest.outcome = 'in_use', NULL, latest.corruptions) AS corruptions,
                iif(latest.outcome = 'in_use', NULL, latest.leaks) AS leaks, leaked_bytes, checked_at,
                coalesce(evidence, message, iif(latest.dirty, 'It was not closed cleanly.', NULL)) AS detail,
                iif(present, 0, 2) AS place
            FROM latest_check AS latest LEFT JOIN assessed ON assessed.image_id = latest.image_id
            WHERE NOT present OR latest.outcome <> 'clean' OR latest.dirty
            UNION ALL
            SELECT
                NULL, scan.host, path_error.path, 'unreadable', NULL, NULL, NULL, NULL, NULL, max(scan.started_at),
                path_error.operation || ': ' || path_error.message, 1
            FROM path_error JOIN scan ON scan.id = path_error.scan_id
            WHERE scan.id IN (SELECT scan_id FROM latest_scan)
            -- Every shard reports a directory that cannot be read.
            GROUP BY scan.host, path_error.path, path_error.path_bytes, path_error.operation, path_error.message
        )
        ORDER BY \(rank), place, state, corruptions DESC, leaked_bytes DESC, host, path
        """

    /// Damaged images with the overlays that need them; a base comes before its overlays.
    static let trees = """
        SELECT
            tree.host, base.host AS base_host, tree.base_path, tree.base_image_id, assessed.assessment, tree.image_id, tree.path, tree.depth,
            backing.base_image_id AS parent_id, result.outcome
        FROM (SELECT image_id, assessment FROM assessment) AS assessed
        JOIN backing_tree AS tree ON tree.base_image_id = assessed.image_id
        JOIN image AS base ON base.id = tree.base_image_id
        JOIN backing ON backing.image_id = tree.image_id
        JOIN latest_check AS result ON result.image_id = tree.image_id
        WHERE tree.present AND tree.image_id <> tree.base_image_id
        ORDER BY \(rank), tree.host, tree.base_path, tree.depth, tree.path
        LIMIT \(PageContent.treeLimit + 1)
        """

    static let backingProblems = """
        SELECT host, path, problem, base_path, detail FROM backing_problem
        ORDER BY host, path, problem LIMIT \(PageContent.backingProblemLimit + 1)
        """

    /// At most ?1, the worst first.
    static let images = """
        SELECT
            assessed.*, image.path_bytes, result.id AS check_result_id, result.checked_at, result.device, result.inode,
            result.file_size, result.mtime_ns, result.ctime_ns, result.disk_size, result.image_size,
            result.cluster_size, result.backing_file,
            ifnull((SELECT host FROM repair WHERE id = result.repair_id), checker.node) AS node
        FROM (SELECT * FROM assessment) AS assessed
        JOIN image ON image.id = assessed.image_id
        JOIN check_result AS result
            ON result.id = (SELECT max(id) FROM check_result WHERE image_id = assessed.image_id)
        JOIN scan AS checker ON checker.id = result.scan_id
        ORDER BY
            \(rank), orphaned_tables DESC, lost_bytes DESC, at_risk_bytes DESC, leaked_bytes DESC, assessed.host,
            assessed.path
        LIMIT ?1
        """

    /// The findings of result ?1, at most ?2.
    static let findings = """
        SELECT
            kind, severity, l1_index, l2_index, iif(entry_value IS NULL, NULL, format('0x%llx', entry_value)) AS entry,
            file_offset, cluster_count,
            iif(guest_offset IS NULL, NULL, guest_offset || ' + ' || ifnull(guest_length, 0)) AS guest,
            nullif(suppressed_count, 0) AS suppressed, message
        FROM finding JOIN finding_kind ON slug = kind
        WHERE check_result_id = ?1
        ORDER BY severity = 'notice', number
        LIMIT ?2
        """

    static let findingCount = "SELECT count(*) AS findings FROM finding WHERE check_result_id = ?1"

    static let history = """
        SELECT
            checked_at,
            iif(
                repair_id IS NULL, 'scan ' || scan_id,
                'repair ' || (SELECT ifnull(source_id, id) FROM repair WHERE id = repair_id)) AS source,
            outcome, dirty, corruptions, leaks, file_size
        FROM check_result WHERE image_id = ?1 ORDER BY id DESC LIMIT 10
        """

    /// The repairs of image ?1, including undos.
    static let undoable = """
        SELECT id, started_at FROM repair
        WHERE image_id = ?1 AND state = 'done' AND is_undoable
            AND NOT EXISTS (
                SELECT 1 FROM repair AS undo WHERE undo.undoes_repair_id = repair.id AND undo.state = 'done')
        ORDER BY id DESC LIMIT 10
        """

    /// The repairs, with the command that undoes each: ?1 and its number. In a merged store none can be undone, and the
    /// numbers are those of the stores where they were made.
    static let repairs = """
        SELECT
            ifnull(own.source_id, own.id) AS repair_id, made.host, path, made.state,
            replace(replace(trim(made.actions, '[]'), '"', ''), ',', ', ') AS actions,
            ifnull(undone.source_id, undone.id) AS undoes_repair_id,
            ifnull(undoing.source_id, undoing.id) AS undone_by_repair_id, outcome_before, outcome_after, lost_bytes,
            made.started_at, made.message,
            iif(made.state = 'done' AND made.is_undoable AND undone_by_repair_id IS NULL, ?1 || ' ' || own.id, NULL) AS undo
        FROM repair_history AS made
        JOIN repair AS own ON own.id = made.repair_id
        LEFT JOIN repair AS undone ON undone.id = made.undoes_repair_id
        LEFT JOIN repair AS undoing ON undoing.id = made.undone_by_repair_id
        ORDER BY iif(own.source_id IS NULL, NULL, made.started_at) DESC, own.id DESC LIMIT \(PageContent.repairLimit)
        """
}
