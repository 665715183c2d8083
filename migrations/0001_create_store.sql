-- The store of scans: what was looked at, when, and what came of it.
--
-- Times are UTC text 'YYYY-MM-DD HH:MM:SS.mmm'. Sizes and offsets are in bytes. Booleans are 0 or 1. Words of bits
-- (features, entry_value) are 64-bit patterns, so those with the highest bit set read as negative numbers.

-- A run of `qedscan scan`.
CREATE TABLE scan (
    id INTEGER PRIMARY KEY,
    uuid TEXT NOT NULL UNIQUE,
    host TEXT NOT NULL,
    started_at TEXT NOT NULL,
    finished_at TEXT,
    state TEXT NOT NULL CHECK (state IN ('running', 'completed', 'interrupted', 'failed')),
    roots TEXT NOT NULL,    -- JSON array of paths
    options TEXT NOT NULL,  -- JSON object
    version TEXT NOT NULL,                              -- of the program
    -- Totals, filled in when the scan ends. Images with a reused result count under its outcome too.
    files_seen INTEGER NOT NULL DEFAULT 0 CHECK (files_seen >= 0),
    images_seen INTEGER NOT NULL DEFAULT 0 CHECK (images_seen >= 0),
    reused INTEGER NOT NULL DEFAULT 0 CHECK (reused >= 0),
    clean INTEGER NOT NULL DEFAULT 0 CHECK (clean >= 0),
    leaking INTEGER NOT NULL DEFAULT 0 CHECK (leaking >= 0),
    corrupt INTEGER NOT NULL DEFAULT 0 CHECK (corrupt >= 0),
    incomplete INTEGER NOT NULL DEFAULT 0 CHECK (incomplete >= 0),
    invalid INTEGER NOT NULL DEFAULT 0 CHECK (invalid >= 0),
    unsupported INTEGER NOT NULL DEFAULT 0 CHECK (unsupported >= 0),
    in_use INTEGER NOT NULL DEFAULT 0 CHECK (in_use >= 0),
    changing INTEGER NOT NULL DEFAULT 0 CHECK (changing >= 0),
    dirty INTEGER NOT NULL DEFAULT 0 CHECK (dirty >= 0),
    path_errors INTEGER NOT NULL DEFAULT 0 CHECK (path_errors >= 0),
    bytes_read INTEGER NOT NULL DEFAULT 0 CHECK (bytes_read >= 0)
) STRICT;

-- An image, by its path on a host.
CREATE TABLE image (
    id INTEGER PRIMARY KEY,
    host TEXT NOT NULL,
    path TEXT NOT NULL,  -- bytes that are not UTF-8 are written \xNN
    path_bytes BLOB,     -- the exact bytes of such a path, else NULL
    device INTEGER NOT NULL,
    inode INTEGER NOT NULL,
    first_scan_id INTEGER NOT NULL REFERENCES scan (id),
    last_scan_id INTEGER NOT NULL REFERENCES scan (id),   -- the last scan that saw it
    missing_since_scan_id INTEGER REFERENCES scan (id)    -- the first scan since then that should have seen it
) STRICT;

CREATE UNIQUE INDEX image_by_path ON image (host, path, ifnull(path_bytes, x''));
CREATE INDEX image_by_last_scan ON image (last_scan_id);

-- What came of one image once. Rows are only added, and only when an image was really looked at: an unchanged one
-- keeps its last row.
CREATE TABLE check_result (
    id INTEGER PRIMARY KEY,
    image_id INTEGER NOT NULL REFERENCES image (id),
    scan_id INTEGER NOT NULL REFERENCES scan (id),
    checked_at TEXT NOT NULL,
    duration_us INTEGER NOT NULL CHECK (duration_us >= 0),
    checker_version INTEGER NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN (
        'clean', 'leaking', 'corrupt', 'incomplete', 'invalid', 'unsupported', 'in_use', 'changing')),
    message TEXT,  -- why it was not checked to its end

    -- The file, as it was when it was checked. The result holds while these stay the same.
    device INTEGER NOT NULL,
    inode INTEGER NOT NULL,
    file_size INTEGER NOT NULL CHECK (file_size >= 0),
    mtime_ns INTEGER NOT NULL,
    ctime_ns INTEGER NOT NULL,
    disk_size INTEGER NOT NULL CHECK (disk_size >= 0),

    -- The header; NULL if it was not read.
    dirty INTEGER CHECK (dirty IN (0, 1)),
    cluster_size INTEGER,
    table_size INTEGER,   -- clusters
    header_size INTEGER,  -- clusters
    image_size INTEGER,   -- 9223372036854775807 stands for that or more
    l1_table_offset INTEGER,
    features INTEGER,
    compat_features INTEGER,
    autoclear_features INTEGER,
    backing_file TEXT,  -- as the header has it; NULL for none
    backing_is_raw INTEGER CHECK (backing_is_raw IN (0, 1)),

    -- Counters; NULL if the image was not checked, lower bounds if it is incomplete.
    leaks INTEGER CHECK (leaks >= 0),
    corruptions INTEGER CHECK (corruptions >= 0),
    check_errors INTEGER CHECK (check_errors >= 0),
    total_clusters INTEGER CHECK (total_clusters >= 0),
    allocated_clusters INTEGER CHECK (allocated_clusters >= 0),
    zero_clusters INTEGER CHECK (zero_clusters >= 0),
    fragmented_clusters INTEGER CHECK (fragmented_clusters >= 0),
    qemu_leaks INTEGER  -- what qemu-img check would print; NULL if it gives no count
) STRICT;

CREATE INDEX check_result_by_image ON check_result (image_id);
CREATE INDEX check_result_by_scan ON check_result (scan_id);

-- Everything a check can find. Filled from the program's own table at each start of a command that writes.
CREATE TABLE finding_kind (
    slug TEXT PRIMARY KEY,
    pass TEXT NOT NULL CHECK (pass IN ('header', 'table', 'leak')),
    severity TEXT NOT NULL CHECK (severity IN ('corruption', 'leak', 'notice')),
    message TEXT NOT NULL,
    repair TEXT  -- the repair action that mends it; NULL if none does
) STRICT, WITHOUT ROWID;

-- What a check found: an entry or a run of neighbours. Capped for each kind; the counters in check_result are exact.
CREATE TABLE finding (
    check_result_id INTEGER NOT NULL REFERENCES check_result (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,  -- from 1, in the order of the check
    kind TEXT NOT NULL REFERENCES finding_kind (slug),
    l1_index INTEGER,
    l2_index INTEGER,
    entry_value INTEGER,              -- of the header field or the first entry
    file_offset INTEGER NOT NULL,     -- of the header field, the first entry or the first leaked cluster
    cluster_count INTEGER NOT NULL,   -- what it adds to leaks or corruptions; of a notice, its entries
    guest_offset INTEGER,
    guest_length INTEGER,
    other_l1_index INTEGER,           -- who had the first of the shared clusters before: an L2 entry, an L2 table
    other_l2_index INTEGER,           -- (l2 NULL) or the L1 table (both NULL)
    suppressed_count INTEGER NOT NULL DEFAULT 0,  -- more of this kind, counted but not listed
    PRIMARY KEY (check_result_id, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX finding_by_kind ON finding (kind);

-- Paths that could not be read, and reads within images that failed.
CREATE TABLE path_error (
    id INTEGER PRIMARY KEY,
    scan_id INTEGER NOT NULL REFERENCES scan (id),
    path TEXT NOT NULL,
    path_bytes BLOB,
    operation TEXT NOT NULL,  -- the system call
    errno INTEGER NOT NULL,
    message TEXT NOT NULL
) STRICT;

CREATE INDEX path_error_by_scan ON path_error (scan_id);

-- One row per image known: its latest result.
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
    r.id AS check_result_id
FROM image
JOIN check_result AS r ON r.id = (SELECT max(id) FROM check_result WHERE image_id = image.id);

-- The images that are there and damaged: leaks, corruptions, or a header that makes them unusable. The provisional
-- result of an image in use is no damage.
CREATE VIEW damaged_image AS
SELECT
    *,
    leaks * cluster_size AS leaked_bytes
FROM latest_check
WHERE present AND (outcome IN ('leaking', 'corrupt', 'invalid') OR (outcome = 'incomplete' AND corruptions > 0));

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
    version
FROM scan;
