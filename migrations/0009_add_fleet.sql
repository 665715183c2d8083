-- Pools that several machines scan: shards, pools by name, and stores that were merged.

-- From here on `host` of a scan and of its images is whose the images are: the machine's that scanned them or, if the
-- scan named a pool on storage that several machines share, 'pool:' and that name. A path of a host is one image.
-- `node` is the machine that ran the scan.
ALTER TABLE scan ADD COLUMN node TEXT NOT NULL DEFAULT '';

UPDATE scan SET node = host;

CREATE INDEX scan_by_node ON scan (node, host);

-- The part of the paths below its roots that the scan looked at; NULL for all. Each path has a position by its hash, a
-- number below 2^32; those from shard_lower to below shard_upper are the shard's.
ALTER TABLE scan ADD COLUMN shard_number INTEGER CHECK (shard_number >= 1);
ALTER TABLE scan ADD COLUMN shard_count INTEGER CHECK (
    (shard_count IS NULL) = (shard_number IS NULL) AND ifnull(shard_number <= shard_count, 1));
ALTER TABLE scan ADD COLUMN shard_lower INTEGER CHECK (shard_lower >= 0);
ALTER TABLE scan ADD COLUMN shard_upper INTEGER CHECK (shard_upper BETWEEN shard_lower AND 4294967296);

-- When `store merge` first brought the scan here from the store of its own; NULL in that. The ID of such a scan is
-- made of the time when it began, so that it is the same in every merged store, and the later scan has the larger one.
ALTER TABLE scan ADD COLUMN merged_at TEXT;

-- The row's ID in the store that it was merged from; NULL in that. With the scan it tells one row from another.
ALTER TABLE check_result ADD COLUMN source_id INTEGER;
ALTER TABLE repair ADD COLUMN source_id INTEGER;

DROP INDEX check_result_by_scan;
CREATE INDEX check_result_by_scan ON check_result (scan_id, source_id);

-- In a merged store the events come with the scans.
DROP TRIGGER image_vanished;
CREATE TRIGGER image_vanished AFTER UPDATE OF missing_since_scan_id ON image
WHEN old.missing_since_scan_id IS NULL AND new.missing_since_scan_id IS NOT NULL
    AND (SELECT merged_at FROM scan WHERE id = new.missing_since_scan_id) IS NULL
BEGIN
    INSERT INTO image_event (scan_id, image_id, event) VALUES (new.missing_since_scan_id, new.id, 'vanished');
END;

DROP TRIGGER image_returned;
CREATE TRIGGER image_returned AFTER UPDATE OF missing_since_scan_id ON image
WHEN old.missing_since_scan_id IS NOT NULL AND new.missing_since_scan_id IS NULL
    AND (SELECT merged_at FROM scan WHERE id = new.last_scan_id) IS NULL
BEGIN
    INSERT INTO image_event (scan_id, image_id, event) VALUES (new.last_scan_id, new.id, 'returned');
END;

-- The latest scan of each host; of a host that is scanned in shards, the latest of each shard.
CREATE VIEW latest_scan AS
SELECT max(scan.id) AS scan_id, scan.host AS host
FROM scan
JOIN (SELECT host, max(id) AS id FROM scan GROUP BY host) AS newest ON newest.host = scan.host
JOIN scan AS like_it ON like_it.id = newest.id
WHERE scan.shard_count IS like_it.shard_count
GROUP BY scan.host, scan.shard_number;

-- One row per image known: its latest result. pool: the name of the pool that it is of, NULL for a machine's own.
DROP VIEW latest_check;
CREATE VIEW latest_check AS
SELECT
    image.id AS image_id,
    image.host AS host,
    image.path AS path,
    image.path_bytes AS path_bytes,
    r.outcome,
    r.dirty,
    r.leaks,
    r.corruptions,
    r.check_errors,
    r.total_clusters,
    r.allocated_clusters,
    r.zero_clusters,
    r.fragmented_clusters,
    r.cluster_size,
    r.table_size,
    r.header_size,
    r.image_size,
    r.file_size,
    r.disk_size,
    r.l1_table_offset,
    r.features,
    r.compat_features,
    r.autoclear_features,
    r.backing_file,
    r.backing_is_raw,
    r.qemu_leaks,
    r.message,
    r.checked_at,
    r.scan_id,
    r.duration_us,
    image.missing_since_scan_id IS NULL AS present,
    r.id AS check_result_id,
    CASE WHEN image.host GLOB 'pool:*' THEN substr(image.host, 6) END AS pool
FROM image
JOIN check_result AS r ON r.id = (SELECT max(id) FROM check_result WHERE image_id = image.id);

DROP VIEW scan_summary;

-- One row per scan, with its duration in seconds and the number of images that are not clean.
CREATE VIEW scan_summary AS
SELECT
    id AS scan_id,
    uuid,
    host,
    started_at,
    finished_at,
    round((julianday(finished_at) - julianday(started_at)) * 86400, 3) AS duration_s,
    state,
    roots,
    files_seen,
    images_seen,
    reused,
    images_seen - reused AS checked,
    clean,
    leaking,
    corrupt,
    incomplete,
    invalid,
    unsupported,
    in_use,
    changing,
    images_seen - clean AS problems,
    dirty,
    path_errors,
    bytes_read,
    version,
    node,
    CASE WHEN host GLOB 'pool:*' THEN substr(host, 6) END AS pool,
    shard_number,
    shard_count,
    shard_lower,
    shard_upper
FROM scan;

DROP VIEW scan_change;

-- What is different between a scan and the one before it on the same host, of the same shard if it has one; one row per
-- image that is. The first scan of a shard is compared with what was known before there were so many shards.
--
-- A scan that continues others stands for all of them: it is compared with the scan before the first of the chain.
--
-- change: new; vanished; returned; moved (from old_path); healed (damaged before, clean now); newly-damaged; worse (more
-- corruptions or a worse outcome); changed (any other result). The outcome of an image that is in use or changing says
-- nothing of it, so it is passed over. What a repair did since the scan before shows here as well, but is never taken
-- for what a scan saw. A pruned scan has no rows: what it saw is not known any more.
CREATE VIEW scan_change AS
WITH RECURSIVE
-- Each scan with itself and those that it continues.
part (scan_id, part_id) AS (
    SELECT id, id FROM scan
    UNION ALL
    SELECT part.scan_id, scan.continues_scan_id
    FROM part JOIN scan ON scan.id = part.part_id
    WHERE scan.continues_scan_id IS NOT NULL
),
pair (scan_id, previous_scan_id, first_scan_id) AS (
    SELECT
        scan.id,
        ifnull(
            (
                SELECT max(earlier.id) FROM scan AS earlier
                WHERE earlier.host = scan.host AND earlier.id < chain.first_id
                    AND earlier.shard_count IS scan.shard_count AND earlier.shard_number IS scan.shard_number
            ),
            (
                SELECT max(earlier.id) FROM scan AS earlier
                WHERE earlier.host = scan.host AND earlier.id < chain.first_id
                    AND earlier.shard_count IS NOT scan.shard_count
            )),
        chain.first_id
    FROM scan JOIN (SELECT scan_id, min(part_id) AS first_id FROM part GROUP BY scan_id) AS chain
        ON chain.scan_id = scan.id
    WHERE scan.pruned_at IS NULL
),
event (scan_id, image_id, event, other_image_id) AS (
    SELECT part.scan_id, image_event.image_id, image_event.event, image_event.other_image_id
    FROM part JOIN image_event ON image_event.scan_id = part.part_id
),
-- CROSS JOIN: an image has few events, a scan may have many.
candidate (scan_id, previous_scan_id, image_id, kind, old_image_id) AS (
    SELECT pair.scan_id, pair.previous_scan_id, event.image_id, event.event, event.other_image_id
    FROM pair JOIN event ON event.scan_id = pair.scan_id
    WHERE NOT (
        event.event = 'vanished' AND EXISTS (
            SELECT 1 FROM image_event AS moved CROSS JOIN part ON part.part_id = moved.scan_id
            WHERE moved.other_image_id = event.image_id AND part.scan_id = pair.scan_id))
    -- Come and gone within the chain.
    AND NOT (
        event.event = 'vanished' AND EXISTS (
            SELECT 1 FROM image
            WHERE image.id = event.image_id AND image.first_scan_id >= pair.first_scan_id
                AND image.first_scan_id < pair.scan_id))
    AND NOT (
        event.event = 'returned' AND EXISTS (
            SELECT 1 FROM image_event AS other CROSS JOIN part ON part.part_id = other.scan_id
            WHERE other.image_id = event.image_id AND part.scan_id = pair.scan_id AND other.event <> 'returned'))
    UNION ALL
    SELECT pair.scan_id, pair.previous_scan_id, image.id, 'new', NULL
    FROM pair JOIN part ON part.scan_id = pair.scan_id JOIN image ON image.first_scan_id = part.part_id
    WHERE NOT EXISTS (
        SELECT 1 FROM image_event CROSS JOIN part AS own ON own.part_id = image_event.scan_id
        WHERE image_event.image_id = image.id AND own.scan_id = pair.scan_id)
    UNION ALL
    SELECT pair.scan_id, pair.previous_scan_id, result.image_id, NULL, NULL
    FROM pair JOIN part ON part.scan_id = pair.scan_id
    -- A repair in the chain as well, but not one after the scan itself.
    JOIN check_result AS result
        ON result.scan_id = part.part_id AND (result.repair_id IS NULL OR part.part_id < pair.scan_id)
    JOIN image ON image.id = result.image_id
    WHERE image.first_scan_id < pair.first_scan_id AND NOT EXISTS (
        SELECT 1 FROM image_event CROSS JOIN part AS own ON own.part_id = image_event.scan_id
        WHERE image_event.image_id = image.id AND own.scan_id = pair.scan_id)
    UNION
    SELECT pair.scan_id, pair.previous_scan_id, result.image_id, NULL, NULL
    FROM pair JOIN check_result AS result
        ON result.scan_id = pair.previous_scan_id AND result.repair_id IS NOT NULL
    WHERE NOT EXISTS (
        SELECT 1 FROM image_event CROSS JOIN part AS own ON own.part_id = image_event.scan_id
        WHERE image_event.image_id = result.image_id AND own.scan_id = pair.scan_id)
),
-- The latest conclusive result that a scan gave or found.
state AS (
    SELECT
        candidate.*,
        (
            SELECT max(r.id) FROM check_result AS r
            WHERE r.image_id = ifnull(candidate.old_image_id, candidate.image_id)
                AND r.outcome NOT IN ('in_use', 'changing')
                AND (r.scan_id < candidate.previous_scan_id
                    OR r.scan_id = candidate.previous_scan_id AND r.repair_id IS NULL)
        ) AS before_id,
        (
            SELECT max(r.id) FROM check_result AS r
            WHERE r.image_id = candidate.image_id AND r.outcome NOT IN ('in_use', 'changing')
                AND (r.scan_id < candidate.scan_id OR r.scan_id = candidate.scan_id AND r.repair_id IS NULL)
        ) AS after_id
    FROM candidate
),
compared AS (
    SELECT
        state.*,
        b.outcome AS outcome_before,
        CASE WHEN kind IS NOT 'vanished' THEN a.outcome END AS outcome_after,
        b.corruptions AS corruptions_before,
        CASE WHEN kind IS NOT 'vanished' THEN a.corruptions END AS corruptions_after,
        b.leaks AS leaks_before,
        CASE WHEN kind IS NOT 'vanished' THEN a.leaks END AS leaks_after,
        b.dirty IS NOT a.dirty AS is_dirty_changed,
        ifnull(b.outcome IN ('leaking', 'corrupt', 'invalid') OR b.outcome = 'incomplete' AND b.corruptions > 0, 0)
            AS was_damaged,
        ifnull(a.outcome IN ('leaking', 'corrupt', 'invalid') OR a.outcome = 'incomplete' AND a.corruptions > 0, 0)
            AS is_damaged,
        CASE b.outcome
            WHEN 'clean' THEN 0 WHEN 'leaking' THEN 1 WHEN 'corrupt' THEN 3 WHEN 'invalid' THEN 4 ELSE 2
        END AS rank_before,
        CASE a.outcome
            WHEN 'clean' THEN 0 WHEN 'leaking' THEN 1 WHEN 'corrupt' THEN 3 WHEN 'invalid' THEN 4 ELSE 2
        END AS rank_after
    FROM state
    LEFT JOIN check_result AS b ON b.id = state.before_id
    LEFT JOIN check_result AS a ON a.id = state.after_id
)
SELECT
    compared.scan_id AS scan_id,
    compared.previous_scan_id AS previous_scan_id,
    compared.image_id AS image_id,
    image.path AS path,
    CASE
        WHEN compared.kind IS NOT NULL THEN compared.kind
        WHEN was_damaged AND outcome_after = 'clean' THEN 'healed'
        WHEN is_damaged AND NOT was_damaged THEN 'newly-damaged'
        WHEN rank_after > rank_before OR ifnull(corruptions_after, 0) > ifnull(corruptions_before, 0) THEN 'worse'
        ELSE 'changed'
    END AS change,
    old_image.path AS old_path,
    outcome_before,
    outcome_after,
    corruptions_before,
    corruptions_after,
    leaks_before,
    leaks_after
FROM compared
JOIN image ON image.id = compared.image_id
LEFT JOIN image AS old_image ON old_image.id = compared.old_image_id
WHERE compared.kind IS NOT NULL
    OR after_id IS NOT NULL AND after_id IS NOT before_id AND (
        outcome_before IS NOT outcome_after OR corruptions_before IS NOT corruptions_after
        OR leaks_before IS NOT leaks_after OR is_dirty_changed)
    AND (before_id IS NOT NULL OR is_damaged OR outcome_after IN ('incomplete', 'unsupported'));
