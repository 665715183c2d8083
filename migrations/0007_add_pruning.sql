-- Old scans, of which only the row is kept.

-- When `store prune` dropped what this scan saw; NULL for a scan of which everything is there. The row stays, with its
-- totals, as long as something refers to it. What had come of each image up to then is kept, the steps to it are not.
ALTER TABLE scan ADD COLUMN pruned_at TEXT;

-- What deleting a row of the parent looks for.
CREATE INDEX image_by_missing_since ON image (missing_since_scan_id) WHERE missing_since_scan_id IS NOT NULL;
CREATE INDEX check_result_by_repair ON check_result (repair_id) WHERE repair_id IS NOT NULL;
CREATE INDEX repair_by_result_before ON repair (check_result_before_id) WHERE check_result_before_id IS NOT NULL;
CREATE INDEX repair_by_result_after ON repair (check_result_after_id) WHERE check_result_after_id IS NOT NULL;
CREATE INDEX backing_by_scan ON backing (scan_id);
CREATE INDEX backing_by_changed_scan ON backing (base_changed_scan_id) WHERE base_changed_scan_id IS NOT NULL;

DROP VIEW scan_change;

-- What is different between a scan and the one before it on the same host; one row per image that is.
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
        (SELECT max(earlier.id) FROM scan AS earlier WHERE earlier.host = scan.host AND earlier.id < chain.first_id),
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
