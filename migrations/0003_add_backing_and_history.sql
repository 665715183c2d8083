-- Backing files, and what became of images from scan to scan.
--
-- Device and inode numbers are 64-bit patterns, as in `image`. Times of files are nanoseconds since 1970.

-- When the image's file was made; NULL where the file system does not say. With device and inode it tells a file that
-- has moved from another that got the inode of one that is gone.
ALTER TABLE image ADD COLUMN birth_ns INTEGER;

CREATE INDEX image_by_file ON image (device, inode);
CREATE INDEX image_by_first_scan ON image (first_scan_id);
CREATE INDEX scan_by_host ON scan (host);

-- The backing file of an image that has one: what its header says, and what that led to. A row is written only when
-- something in it differs.
CREATE TABLE backing (
    image_id INTEGER PRIMARY KEY REFERENCES image (id),
    name TEXT NOT NULL,  -- as the header has it; bytes that are not UTF-8 are written \xNN
    name_bytes BLOB,     -- the exact bytes of such a name, else NULL
    kind TEXT NOT NULL CHECK (kind IN ('file', 'protocol', 'json')),  -- only a file is looked at
    is_raw_flag INTEGER NOT NULL CHECK (is_raw_flag IN (0, 1)),       -- it must be taken for raw
    virtual_size INTEGER NOT NULL CHECK (virtual_size >= 0),          -- of the overlay
    inode INTEGER NOT NULL,                                           -- of the overlay
    birth_ns INTEGER,                                                 -- of the overlay

    -- Where it is: without symbolic links and `..`, as far as it exists. NULL unless it is a file.
    base_path TEXT,
    base_path_bytes BLOB,
    state TEXT CHECK (state IN ('found', 'missing', 'unreadable', 'not-regular', 'loop')),  -- loop: of symbolic links
    errno INTEGER,   -- the reason; NULL if there is none
    base_type TEXT CHECK (base_type IN ('regular', 'directory', 'fifo', 'socket', 'block', 'character', 'other')),

    -- What it is; NULL unless it was found.
    base_device INTEGER,
    base_inode INTEGER,
    base_mtime_ns INTEGER,
    base_is_qed INTEGER CHECK (base_is_qed IN (0, 1)),
    base_virtual_size INTEGER CHECK (base_virtual_size >= 0),  -- NULL too for other formats than QED and raw

    -- The image that it is, NULL if the store has none: by its path, or by its file if that has other names.
    base_image_id INTEGER REFERENCES image (id),
    base_changed_scan_id INTEGER REFERENCES scan (id),  -- the scan that saw it changed, with the same overlay on it
    scan_id INTEGER NOT NULL REFERENCES scan (id),      -- the scan that wrote the row last
    CHECK ((kind = 'file') = (base_path IS NOT NULL)),
    CHECK ((kind = 'file') = (state IS NOT NULL)),
    CHECK ((ifnull(state, '') = 'found') = (base_is_qed IS NOT NULL))
) STRICT;

CREATE INDEX backing_by_base_image ON backing (base_image_id) WHERE base_image_id IS NOT NULL;
CREATE INDEX backing_by_base_path ON backing (base_path);

-- The roots of a scan, as they were found.
--
-- read: walked to its end. unreadable: an error, see path_error. interrupted: the scan ended early. not-mounted: another
-- file system than at the last scan and no image on it, where there were some.
CREATE TABLE scan_root (
    scan_id INTEGER NOT NULL REFERENCES scan (id),
    number INTEGER NOT NULL,  -- from 1, in the order given
    path TEXT NOT NULL,
    path_bytes BLOB,
    device INTEGER,           -- NULL if it could not be opened
    inode INTEGER,
    state TEXT NOT NULL CHECK (state IN ('read', 'unreadable', 'interrupted', 'not-mounted')),
    images INTEGER NOT NULL CHECK (images >= 0),  -- that the scan saw below it
    PRIMARY KEY (scan_id, number)
) STRICT;

CREATE INDEX scan_root_by_path ON scan_root (path);

-- What became of an image that is still the same file, or is not there. Rows are only added.
CREATE TABLE image_event (
    id INTEGER PRIMARY KEY,
    scan_id INTEGER NOT NULL REFERENCES scan (id),
    image_id INTEGER NOT NULL REFERENCES image (id),
    -- vanished: not seen where it should have been. returned: seen again at its path. moved: this path has the file of
    -- other_image_id, which vanished.
    event TEXT NOT NULL CHECK (event IN ('vanished', 'returned', 'moved')),
    other_image_id INTEGER REFERENCES image (id),
    CHECK ((event = 'moved') = (other_image_id IS NOT NULL))
) STRICT;

CREATE INDEX image_event_by_scan ON image_event (scan_id);
CREATE INDEX image_event_by_image ON image_event (image_id);
CREATE INDEX image_event_by_other ON image_event (other_image_id) WHERE other_image_id IS NOT NULL;

-- Whoever marks an image, or takes the mark away, leaves a row.
CREATE TRIGGER image_vanished AFTER UPDATE OF missing_since_scan_id ON image
WHEN old.missing_since_scan_id IS NULL AND new.missing_since_scan_id IS NOT NULL
BEGIN
    INSERT INTO image_event (scan_id, image_id, event) VALUES (new.missing_since_scan_id, new.id, 'vanished');
END;

CREATE TRIGGER image_returned AFTER UPDATE OF missing_since_scan_id ON image
WHEN old.missing_since_scan_id IS NOT NULL AND new.missing_since_scan_id IS NULL
BEGIN
    INSERT INTO image_event (scan_id, image_id, event) VALUES (new.last_scan_id, new.id, 'returned');
END;

-- What is known before this migration.
INSERT INTO image_event (scan_id, image_id, event)
SELECT missing_since_scan_id, id, 'vanished' FROM image WHERE missing_since_scan_id IS NOT NULL;

-- One row per overlay: its backing file.
--
-- base_changed: its contents changed after the overlay was made, so that the overlay may not fit any more.
CREATE VIEW backing_link AS
SELECT
    backing.image_id AS image_id,
    image.host AS host,
    image.path AS path,
    image.path_bytes AS path_bytes,
    backing.name AS backing_file,
    backing.name_bytes AS backing_file_bytes,
    backing.kind AS kind,
    backing.base_path AS base_path,
    backing.base_path_bytes AS base_path_bytes,
    backing.state AS state,
    backing.errno AS errno,
    backing.base_type AS base_type,
    base.id AS base_image_id,
    base_result.outcome AS base_outcome,
    base_result.dirty AS base_dirty,
    base_result.corruptions AS base_corruptions,
    base.missing_since_scan_id IS NULL AS base_present,
    backing.base_is_qed AS base_is_qed,
    backing.is_raw_flag AS is_raw_flag,
    backing.virtual_size AS virtual_size,
    backing.base_virtual_size AS base_virtual_size,
    strftime('%Y-%m-%d %H:%M:%S', backing.birth_ns / 1000000000, 'unixepoch') AS made_at,
    strftime('%Y-%m-%d %H:%M:%S', backing.base_mtime_ns / 1000000000, 'unixepoch') AS base_modified_at,
    backing.state = 'found' AND (
        ifnull(backing.base_mtime_ns > backing.birth_ns, 0) OR backing.base_changed_scan_id IS NOT NULL
    ) AS base_changed,
    backing.base_changed_scan_id AS base_changed_scan_id,
    image.missing_since_scan_id IS NULL AS present,
    backing.scan_id AS scan_id
FROM backing
JOIN image ON image.id = backing.image_id
LEFT JOIN image AS base ON base.id = backing.base_image_id
LEFT JOIN check_result AS base_result
    ON base_result.id = (SELECT max(id) FROM check_result WHERE image_id = base.id);

-- Every backing file and all overlays that need it, by their numbers alone: what backing_tree and backing_problem share.
--
-- An image has one backing file at most, so that from a base on only the base itself can come up again: there a cycle
-- ends. A chain is followed for 100 steps.
CREATE VIEW backing_chain AS
WITH RECURSIVE chain (base_image_id, direct_image_id, image_id, depth) AS (
    SELECT base_image_id, image_id, image_id, 1 FROM backing WHERE kind = 'file'
    UNION ALL
    SELECT chain.base_image_id, chain.direct_image_id, backing.image_id, chain.depth + 1
    FROM chain JOIN backing ON backing.base_image_id = chain.image_id
    WHERE chain.image_id IS NOT chain.base_image_id AND chain.depth < 100
)
SELECT base_image_id, direct_image_id, image_id, depth FROM chain;

-- Every backing file and all overlays that need it, directly (depth 1) or through others: what a damage of it reaches.
-- An image in a cycle needs itself too. base_image_id is NULL for a file that is no image of the store; direct_image_id
-- is the overlay directly on the base.
CREATE VIEW backing_tree AS
SELECT
    image.host AS host,
    ifnull(base.path, direct.base_path) AS base_path,
    chain.base_image_id AS base_image_id,
    chain.image_id AS image_id,
    image.path AS path,
    chain.depth AS depth,
    chain.direct_image_id AS direct_image_id,
    image.missing_since_scan_id IS NULL AS present
FROM backing_chain AS chain
CROSS JOIN image ON image.id = chain.image_id  -- in this order: there are more rows of a chain than images
CROSS JOIN backing AS direct ON direct.image_id = chain.direct_image_id
LEFT JOIN image AS base ON base.id = chain.base_image_id;

-- The overlays that are there and have something wrong with the files below them; one row for each problem.
--
-- missing, unreadable: the backing file is not to be had. self: it is the overlay. cycle: the overlay is below itself.
-- base-corrupt, base-dirty, base-in-use: by the backing file's latest check; only of the one directly below.
-- base-changed: its contents changed after the overlay was made. raw-flag: it is QED, but the overlay says that it is
-- raw. base-larger: by its virtual size. deep: more than 8 files below.
CREATE VIEW backing_problem AS
WITH
link AS MATERIALIZED (SELECT * FROM backing_link WHERE present),
above AS MATERIALIZED (
    SELECT image_id, max(depth) AS depth, max(base_image_id IS image_id) AS is_cycle
    FROM backing_chain
    GROUP BY image_id
)
SELECT image_id, host, path, 'missing' AS problem, base_path, NULL AS detail FROM link WHERE state = 'missing'
UNION ALL
SELECT
    image_id, host, path, 'unreadable', base_path,
    CASE state
        WHEN 'loop' THEN 'too many symbolic links'
        WHEN 'not-regular' THEN 'not a regular file: ' || ifnull(base_type, 'made up by the kernel')
        ELSE 'error ' || errno
    END
FROM link
-- A disk may be a backing file as well as a file may.
WHERE state IN ('unreadable', 'loop') OR (state = 'not-regular' AND base_type IS NOT 'block')
UNION ALL
SELECT image_id, host, path, 'self', base_path, NULL FROM link WHERE base_image_id = image_id
UNION ALL
SELECT link.image_id, link.host, link.path, 'cycle', link.base_path, 'of ' || above.depth || ' images'
FROM above JOIN link ON link.image_id = above.image_id
WHERE above.is_cycle AND link.base_image_id <> link.image_id
UNION ALL
SELECT
    image_id, host, path, 'base-corrupt', base_path,
    base_outcome || CASE WHEN base_corruptions > 0 THEN ', ' || base_corruptions || ' corruptions' ELSE '' END
FROM link
WHERE state = 'found' AND base_present AND base_image_id <> image_id
    AND (base_outcome IN ('corrupt', 'invalid') OR (base_outcome = 'incomplete' AND base_corruptions > 0))
UNION ALL
SELECT image_id, host, path, 'base-dirty', base_path, NULL
FROM link
WHERE state = 'found' AND base_present AND base_dirty AND base_image_id <> image_id
UNION ALL
SELECT image_id, host, path, 'base-in-use', base_path, NULL
FROM link
WHERE state = 'found' AND base_present AND base_outcome = 'in_use' AND base_image_id <> image_id
UNION ALL
SELECT
    image_id, host, path, 'base-changed', base_path,
    'modified ' || base_modified_at || ifnull(', the overlay was made ' || made_at, '')
FROM link
WHERE base_changed AND base_image_id IS NOT image_id
UNION ALL
SELECT image_id, host, path, 'raw-flag', base_path, NULL FROM link WHERE is_raw_flag AND base_is_qed
UNION ALL
SELECT
    image_id, host, path, 'base-larger', base_path, base_virtual_size || ' bytes, the overlay ' || virtual_size
FROM link
WHERE base_virtual_size > virtual_size
UNION ALL
SELECT link.image_id, link.host, link.path, 'deep', link.base_path, above.depth || ' files below'
FROM above JOIN link ON link.image_id = above.image_id
WHERE above.depth > 8 AND NOT above.is_cycle;

-- One row per result of an image, in the order of their id, with what the one before it was. scan_id is NULL for the
-- result of a repair, repair_id for that of a scan.
CREATE VIEW image_history AS
SELECT
    check_result.image_id AS image_id,
    image.host AS host,
    image.path AS path,
    check_result.id AS check_result_id,
    CASE WHEN check_result.repair_id IS NULL THEN 'scan' ELSE 'repair' END AS source,
    CASE WHEN check_result.repair_id IS NULL THEN check_result.scan_id END AS scan_id,
    check_result.repair_id AS repair_id,
    check_result.checked_at AS checked_at,
    lag(check_result.outcome) OVER earlier AS outcome_before,
    check_result.outcome AS outcome,
    lag(check_result.corruptions) OVER earlier AS corruptions_before,
    check_result.corruptions AS corruptions,
    lag(check_result.leaks) OVER earlier AS leaks_before,
    check_result.leaks AS leaks,
    lag(check_result.dirty) OVER earlier AS dirty_before,
    check_result.dirty AS dirty,
    lag(check_result.file_size) OVER earlier AS file_size_before,
    check_result.file_size AS file_size,
    check_result.message AS message
FROM check_result
JOIN image ON image.id = check_result.image_id
WINDOW earlier AS (PARTITION BY check_result.image_id ORDER BY check_result.id);

-- What is different between a scan and the one before it on the same host; one row per image that is.
--
-- change: new; vanished; returned; moved (from old_path); healed (damaged before, clean now); newly-damaged; worse (more
-- corruptions or a worse outcome); changed (any other result). The outcome of an image that is in use or changing says
-- nothing of it, so it is passed over. What a repair did since the scan before shows here as well, but is never taken
-- for what a scan saw.
CREATE VIEW scan_change AS
WITH
pair (scan_id, previous_scan_id) AS (
    SELECT
        scan.id,
        (SELECT max(earlier.id) FROM scan AS earlier WHERE earlier.host = scan.host AND earlier.id < scan.id)
    FROM scan
),
candidate (scan_id, previous_scan_id, image_id, kind, old_image_id) AS (
    SELECT pair.scan_id, pair.previous_scan_id, image_event.image_id, image_event.event, image_event.other_image_id
    FROM pair JOIN image_event ON image_event.scan_id = pair.scan_id
    WHERE NOT (
        image_event.event = 'vanished' AND EXISTS (
            SELECT 1 FROM image_event AS moved
            WHERE moved.other_image_id = image_event.image_id AND moved.scan_id = image_event.scan_id))
    AND NOT (
        image_event.event = 'returned' AND EXISTS (
            SELECT 1 FROM image_event AS moved
            WHERE moved.image_id = image_event.image_id AND moved.scan_id = image_event.scan_id
                AND moved.event = 'moved'))
    UNION ALL
    SELECT pair.scan_id, pair.previous_scan_id, image.id, 'new', NULL
    FROM pair JOIN image ON image.first_scan_id = pair.scan_id
    WHERE NOT EXISTS (
        SELECT 1 FROM image_event WHERE image_event.image_id = image.id AND image_event.scan_id = pair.scan_id)
    UNION ALL
    SELECT pair.scan_id, pair.previous_scan_id, result.image_id, NULL, NULL
    FROM pair JOIN check_result AS result
        ON (result.scan_id = pair.scan_id AND result.repair_id IS NULL)
    JOIN image ON image.id = result.image_id
    WHERE image.first_scan_id < pair.scan_id AND NOT EXISTS (
        SELECT 1 FROM image_event WHERE image_event.image_id = image.id AND image_event.scan_id = pair.scan_id)
    UNION
    SELECT pair.scan_id, pair.previous_scan_id, result.image_id, NULL, NULL
    FROM pair JOIN check_result AS result
        ON result.scan_id = pair.previous_scan_id AND result.repair_id IS NOT NULL
    WHERE NOT EXISTS (
        SELECT 1 FROM image_event
        WHERE image_event.image_id = result.image_id AND image_event.scan_id = pair.scan_id)
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
    AND (before_id IS NOT NULL OR is_damaged);
