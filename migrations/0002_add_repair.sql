-- Repairs: what was changed in an image, enough of it to take it back, and what came of it.
--
-- A repair is 'prepared' before the first byte of the image changes, and gets another state when it has ended. One that
-- a crash left 'prepared' is settled by the next repair. Device and inode numbers are 64-bit patterns, as in `image`.

-- Everything a repair can do. Filled from the program's own table at each start of a command that writes.
CREATE TABLE repair_action (
    name TEXT PRIMARY KEY,
    summary TEXT NOT NULL,
    loss TEXT NOT NULL CHECK (loss IN ('nothing', 'mapping', 'leaked-bytes')),
    is_default INTEGER NOT NULL CHECK (is_default IN (0, 1))  -- done unless it is asked for by name
) STRICT, WITHOUT ROWID;

-- A repair of an image, or the undo of one: of `undoes_repair_id`, whose writes it goes through the other way round.
CREATE TABLE repair (
    id INTEGER PRIMARY KEY,
    image_id INTEGER NOT NULL REFERENCES image (id),
    undoes_repair_id INTEGER REFERENCES repair (id) CHECK (undoes_repair_id < id),  -- NULL unless it is an undo
    state TEXT NOT NULL CHECK (state IN ('prepared', 'done', 'rolled_back', 'conflict')),
    message TEXT,                -- why it is not done
    host TEXT NOT NULL,
    version TEXT NOT NULL,       -- of the program
    actions TEXT NOT NULL,       -- JSON array of names of repair_action
    is_undoable INTEGER NOT NULL CHECK (is_undoable IN (0, 1)),  -- everything that it changes is in repair_write
    started_at TEXT NOT NULL,
    finished_at TEXT,
    check_result_before_id INTEGER REFERENCES check_result (id),  -- the latest when it began
    check_result_after_id INTEGER REFERENCES check_result (id),   -- the repair's own; NULL if it made none

    -- The file when it began.
    device INTEGER NOT NULL,
    inode INTEGER NOT NULL,
    size_before INTEGER NOT NULL CHECK (size_before >= 0),
    mtime_ns_before INTEGER NOT NULL,
    ctime_ns_before INTEGER NOT NULL,
    header_before BLOB NOT NULL CHECK (length(header_before) <= 64),
    metadata_sha256_before BLOB NOT NULL CHECK (length(metadata_sha256_before) = 32),  -- header, names and tables

    -- The file when it had ended; NULL if that is not known. The size is the planned one until then.
    size_after INTEGER NOT NULL CHECK (size_after >= 0),
    device_after INTEGER,
    inode_after INTEGER,
    mtime_ns_after INTEGER,
    ctime_ns_after INTEGER,
    header_after BLOB CHECK (length(header_after) <= 64),
    metadata_sha256_after BLOB CHECK (length(metadata_sha256_after) = 32),

    CHECK ((state = 'prepared') = (finished_at IS NULL)),
    CHECK (
        state <> 'done'
        OR device_after + inode_after + mtime_ns_after + ctime_ns_after IS NOT NULL
        AND header_after IS NOT NULL AND metadata_sha256_after IS NOT NULL)
) STRICT;

CREATE INDEX repair_by_image ON repair (image_id);
CREATE INDEX repair_by_undone ON repair (undoes_repair_id) WHERE undoes_repair_id IS NOT NULL;

-- Finds what has to be settled, and keeps an image from having two of them.
CREATE UNIQUE INDEX repair_prepared ON repair (image_id) WHERE state = 'prepared';

-- The changes of a repair. An undo has none of its own.
--
-- words: bytes in place. append, copy: new bytes past the old end; those of a copy stand at source_offset, as they were
-- before the repair. release: bytes given back, kept in `before` if they were saved.
CREATE TABLE repair_write (
    repair_id INTEGER NOT NULL REFERENCES repair (id) ON DELETE CASCADE,
    number INTEGER NOT NULL CHECK (number >= 1),  -- in the order of the plan
    phase TEXT NOT NULL CHECK (phase IN ('detach', 'tail', 'pointer', 'reclaim', 'header')),
    action TEXT NOT NULL REFERENCES repair_action (name),
    kind TEXT NOT NULL CHECK (kind IN ('words', 'append', 'copy', 'release')),
    file_offset INTEGER NOT NULL CHECK (file_offset >= 0),
    length INTEGER NOT NULL CHECK (length >= 0),
    source_offset INTEGER CHECK (source_offset >= 0),
    -- Last, as they may be large: what only counts lengths does not read them.
    before BLOB,
    after BLOB,
    UNIQUE (repair_id, number),
    CHECK ((kind = 'copy') = (source_offset IS NOT NULL)),
    CHECK (CASE kind WHEN 'words' THEN before IS NOT NULL WHEN 'release' THEN 1 ELSE before IS NULL END),
    CHECK ((kind IN ('words', 'append')) = (after IS NOT NULL)),
    CHECK (ifnull(length(before), length) = length AND ifnull(length(after), length) = length),
    CHECK (kind <> 'words' OR file_offset % 8 = 0 AND length % 8 = 0)
) STRICT;

-- Guest bytes that read differently afterwards.
--
-- unallocated: could not be read; now the backing file's, or zeros. zeroed: could not be read; now zeros.
-- readable: could not be read, and can be now.
CREATE TABLE repair_effect (
    repair_id INTEGER NOT NULL REFERENCES repair (id) ON DELETE CASCADE,
    number INTEGER NOT NULL CHECK (number >= 1),
    kind TEXT NOT NULL CHECK (kind IN ('unallocated', 'zeroed', 'readable')),
    action TEXT NOT NULL REFERENCES repair_action (name),
    guest_offset INTEGER NOT NULL CHECK (guest_offset >= 0),
    guest_length INTEGER NOT NULL CHECK (guest_length >= 0),
    PRIMARY KEY (repair_id, number)
) STRICT, WITHOUT ROWID;

-- NULL for the result of a scan. A result that a repair gave has the repair, and as scan_id the image's last_scan_id.
ALTER TABLE check_result ADD COLUMN repair_id INTEGER REFERENCES repair (id);

-- One row per repair: what it changed, or would have if it is not done.
--
-- undone_by_repair_id: the repair that undid it, unless that was itself undone since. size_after: NULL if not known.
-- changed_entries: words of 8 bytes, also of an undo. copied_bytes: new bytes that are copies. lost_ranges, lost_bytes:
-- of the guest, of which only the mapping was lost: they could not be read before.
CREATE VIEW repair_history AS
WITH RECURSIVE
-- Each repair, and the one at the end of its chain of undos, whose writes it goes through: forwards if depth is even.
root (repair_id, root_id, depth) AS (
    SELECT id, id, 0 FROM repair WHERE undoes_repair_id IS NULL
    UNION ALL
    SELECT repair.id, root.root_id, root.depth + 1
    FROM root JOIN repair ON repair.undoes_repair_id = root.repair_id
),
-- Each repair, its undos (via_id), and what undid those in turn. The last one says whether the repair is undone.
undo (repair_id, via_id, last_id, depth) AS (
    SELECT undoes_repair_id, id, id, 1 FROM repair WHERE undoes_repair_id IS NOT NULL AND state = 'done'
    UNION ALL
    SELECT undo.repair_id, undo.via_id, repair.id, undo.depth + 1
    FROM undo JOIN repair ON repair.undoes_repair_id = undo.last_id AND repair.state = 'done'
),
-- The other columns are those of the row with the maximum: so SQLite defines it.
last_undo (repair_id, last_id, via_id, depth) AS MATERIALIZED (
    SELECT repair_id, max(last_id), via_id, depth FROM undo GROUP BY repair_id
)
SELECT
    repair.id AS repair_id,
    image.path AS path,
    repair.host AS host,
    repair.state AS state,
    repair.actions AS actions,
    repair.undoes_repair_id AS undoes_repair_id,
    CASE WHEN last_undo.depth % 2 = 1 THEN last_undo.via_id END AS undone_by_repair_id,
    repair.is_undoable AS is_undoable,
    repair.started_at AS started_at,
    repair.finished_at AS finished_at,
    result_before.outcome AS outcome_before,
    result_after.outcome AS outcome_after,
    result_before.corruptions AS corruptions_before,
    result_after.corruptions AS corruptions_after,
    result_before.leaks AS leaks_before,
    result_after.leaks AS leaks_after,
    result_before.dirty AS dirty_before,
    result_after.dirty AS dirty_after,
    repair.size_before AS size_before,
    CASE WHEN repair.mtime_ns_after IS NOT NULL THEN repair.size_after END AS size_after,
    (
        SELECT ifnull(sum(length), 0) / 8 FROM repair_write
        WHERE repair_write.repair_id = root.root_id AND kind = 'words'
    ) AS changed_entries,
    (
        SELECT ifnull(sum(length), 0) FROM repair_write
        WHERE repair_write.repair_id = root.root_id AND kind = 'copy' AND root.depth % 2 = 0
    ) AS copied_bytes,
    (
        SELECT count(*) FROM repair_effect
        WHERE repair_effect.repair_id = repair.id AND kind <> 'readable'
    ) AS lost_ranges,
    (
        SELECT ifnull(sum(guest_length), 0) FROM repair_effect
        WHERE repair_effect.repair_id = repair.id AND kind <> 'readable'
    ) AS lost_bytes,
    repair.message AS message
FROM repair
JOIN image ON image.id = repair.image_id
JOIN root ON root.repair_id = repair.id
LEFT JOIN last_undo ON last_undo.repair_id = repair.id
LEFT JOIN check_result AS result_before ON result_before.id = repair.check_result_before_id
LEFT JOIN check_result AS result_after ON result_after.id = repair.check_result_after_id;
