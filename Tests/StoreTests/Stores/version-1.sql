-- A store of version 1, with its history as it was written, and rows as a program of that version wrote them.
PRAGMA application_id = 1363493971;
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE schema_migration (
    version INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    sql TEXT NOT NULL,
    applied_at TEXT NOT NULL
) STRICT;
INSERT INTO schema_migration VALUES(1,'0001_create_store',replace('-- The store of scans: what was looked at, when, and what came of it.\n--\n-- Times are UTC text ''YYYY-MM-DD HH:MM:SS.mmm''. Sizes and offsets are in bytes. Booleans are 0 or 1. Words of bits\n-- (features, entry_value) are 64-bit patterns, so those with the highest bit set read as negative numbers.\n\n-- A run of `qedscan scan`.\nCREATE TABLE scan (\n    id INTEGER PRIMARY KEY,\n    uuid TEXT NOT NULL UNIQUE,\n    host TEXT NOT NULL,\n    started_at TEXT NOT NULL,\n    finished_at TEXT,\n    state TEXT NOT NULL CHECK (state IN (''running'', ''completed'', ''interrupted'', ''failed'')),\n    roots TEXT NOT NULL,    -- JSON array of paths\n    options TEXT NOT NULL,  -- JSON object\n    version TEXT NOT NULL,                              -- of the program\n    -- Totals, filled in when the scan ends. Images with a reused result count under its outcome too.\n    files_seen INTEGER NOT NULL DEFAULT 0 CHECK (files_seen >= 0),\n    images_seen INTEGER NOT NULL DEFAULT 0 CHECK (images_seen >= 0),\n    reused INTEGER NOT NULL DEFAULT 0 CHECK (reused >= 0),\n    clean INTEGER NOT NULL DEFAULT 0 CHECK (clean >= 0),\n    leaking INTEGER NOT NULL DEFAULT 0 CHECK (leaking >= 0),\n    corrupt INTEGER NOT NULL DEFAULT 0 CHECK (corrupt >= 0),\n    incomplete INTEGER NOT NULL DEFAULT 0 CHECK (incomplete >= 0),\n    invalid INTEGER NOT NULL DEFAULT 0 CHECK (invalid >= 0),\n    unsupported INTEGER NOT NULL DEFAULT 0 CHECK (unsupported >= 0),\n    in_use INTEGER NOT NULL DEFAULT 0 CHECK (in_use >= 0),\n    changing INTEGER NOT NULL DEFAULT 0 CHECK (changing >= 0),\n    dirty INTEGER NOT NULL DEFAULT 0 CHECK (dirty >= 0),\n    path_errors INTEGER NOT NULL DEFAULT 0 CHECK (path_errors >= 0),\n    bytes_read INTEGER NOT NULL DEFAULT 0 CHECK (bytes_read >= 0)\n) STRICT;\n\n-- An image, by its path on a host.\nCREATE TABLE image (\n    id INTEGER PRIMARY KEY,\n    host TEXT NOT NULL,\n    path TEXT NOT NULL,  -- bytes that are not UTF-8 are written \xNN\n    path_bytes BLOB,     -- the exact bytes of such a path, else NULL\n    device INTEGER NOT NULL,\n    inode INTEGER NOT NULL,\n    first_scan_id INTEGER NOT NULL REFERENCES scan (id),\n    last_scan_id INTEGER NOT NULL REFERENCES scan (id),   -- the last scan that saw it\n    missing_since_scan_id INTEGER REFERENCES scan (id)    -- the first scan since then that should have seen it\n) STRICT;\n\nCREATE UNIQUE INDEX image_by_path ON image (host, path, ifnull(path_bytes, x''''));\nCREATE INDEX image_by_last_scan ON image (last_scan_id);\n\n-- What came of one image once. Rows are only added, and only when an image was really looked at: an unchanged one\n-- keeps its last row.\nCREATE TABLE check_result (\n    id INTEGER PRIMARY KEY,\n    image_id INTEGER NOT NULL REFERENCES image (id),\n    scan_id INTEGER NOT NULL REFERENCES scan (id),\n    checked_at TEXT NOT NULL,\n    duration_us INTEGER NOT NULL CHECK (duration_us >= 0),\n    checker_version INTEGER NOT NULL,\n    outcome TEXT NOT NULL CHECK (outcome IN (\n        ''clean'', ''leaking'', ''corrupt'', ''incomplete'', ''invalid'', ''unsupported'', ''in_use'', ''changing'')),\n    message TEXT,  -- why it was not checked to its end\n\n    -- The file, as it was when it was checked. The result holds while these stay the same.\n    device INTEGER NOT NULL,\n    inode INTEGER NOT NULL,\n    file_size INTEGER NOT NULL CHECK (file_size >= 0),\n    mtime_ns INTEGER NOT NULL,\n    ctime_ns INTEGER NOT NULL,\n    disk_size INTEGER NOT NULL CHECK (disk_size >= 0),\n\n    -- The header; NULL if it was not read.\n    dirty INTEGER CHECK (dirty IN (0, 1)),\n    cluster_size INTEGER,\n    table_size INTEGER,   -- clusters\n    header_size INTEGER,  -- clusters\n    image_size INTEGER,   -- 9223372036854775807 stands for that or more\n    l1_table_offset INTEGER,\n    features INTEGER,\n    compat_features INTEGER,\n    autoclear_features INTEGER,\n    backing_file TEXT,  -- as the header has it; NULL for none\n    backing_is_raw INTEGER CHECK (backing_is_raw IN (0, 1)),\n\n    -- Counters; NULL if the image was not checked, lower bounds if it is incomplete.\n    leaks INTEGER CHECK (leaks >= 0),\n    corruptions INTEGER CHECK (corruptions >= 0),\n    check_errors INTEGER CHECK (check_errors >= 0),\n    total_clusters INTEGER CHECK (total_clusters >= 0),\n    allocated_clusters INTEGER CHECK (allocated_clusters >= 0),\n    zero_clusters INTEGER CHECK (zero_clusters >= 0),\n    fragmented_clusters INTEGER CHECK (fragmented_clusters >= 0),\n    qemu_leaks INTEGER  -- what qemu-img check would print; NULL if it gives no count\n) STRICT;\n\nCREATE INDEX check_result_by_image ON check_result (image_id);\nCREATE INDEX check_result_by_scan ON check_result (scan_id);\n\n-- Everything a check can find. Filled from the program''s own table at each start of a command that writes.\nCREATE TABLE finding_kind (\n    slug TEXT PRIMARY KEY,\n    pass TEXT NOT NULL CHECK (pass IN (''header'', ''table'', ''leak'')),\n    severity TEXT NOT NULL CHECK (severity IN (''corruption'', ''leak'', ''notice'')),\n    message TEXT NOT NULL,\n    repair TEXT  -- the repair action that mends it; NULL if none does\n) STRICT, WITHOUT ROWID;\n\n-- What a check found: an entry or a run of neighbours. Capped for each kind; the counters in check_result are exact.\nCREATE TABLE finding (\n    check_result_id INTEGER NOT NULL REFERENCES check_result (id) ON DELETE CASCADE,\n    number INTEGER NOT NULL,  -- from 1, in the order of the check\n    kind TEXT NOT NULL REFERENCES finding_kind (slug),\n    l1_index INTEGER,\n    l2_index INTEGER,\n    entry_value INTEGER,              -- of the header field or the first entry\n    file_offset INTEGER NOT NULL,     -- of the header field, the first entry or the first leaked cluster\n    cluster_count INTEGER NOT NULL,   -- what it adds to leaks or corruptions; of a notice, its entries\n    guest_offset INTEGER,\n    guest_length INTEGER,\n    other_l1_index INTEGER,           -- who had the first of the shared clusters before: an L2 entry, an L2 table\n    other_l2_index INTEGER,           -- (l2 NULL) or the L1 table (both NULL)\n    suppressed_count INTEGER NOT NULL DEFAULT 0,  -- more of this kind, counted but not listed\n    PRIMARY KEY (check_result_id, number)\n) STRICT, WITHOUT ROWID;\n\nCREATE INDEX finding_by_kind ON finding (kind);\n\n-- Paths that could not be read, and reads within images that failed.\nCREATE TABLE path_error (\n    id INTEGER PRIMARY KEY,\n    scan_id INTEGER NOT NULL REFERENCES scan (id),\n    path TEXT NOT NULL,\n    path_bytes BLOB,\n    operation TEXT NOT NULL,  -- the system call\n    errno INTEGER NOT NULL,\n    message TEXT NOT NULL\n) STRICT;\n\nCREATE INDEX path_error_by_scan ON path_error (scan_id);\n\n-- One row per image known: its latest result.\nCREATE VIEW latest_check AS\nSELECT\n    image.id AS image_id,\n    image.host AS host,\n    image.path AS path,\n    image.path_bytes AS path_bytes,\n    r.outcome,\n    r.dirty,\n    r.leaks,\n    r.corruptions,\n    r.check_errors,\n    r.total_clusters,\n    r.allocated_clusters,\n    r.zero_clusters,\n    r.fragmented_clusters,\n    r.cluster_size,\n    r.table_size,\n    r.header_size,\n    r.image_size,\n    r.file_size,\n    r.disk_size,\n    r.l1_table_offset,\n    r.features,\n    r.compat_features,\n    r.autoclear_features,\n    r.backing_file,\n    r.backing_is_raw,\n    r.qemu_leaks,\n    r.message,\n    r.checked_at,\n    r.scan_id,\n    r.duration_us,\n    image.missing_since_scan_id IS NULL AS present,\n    r.id AS check_result_id\nFROM image\nJOIN check_result AS r ON r.id = (SELECT max(id) FROM check_result WHERE image_id = image.id);\n\n-- The images that are there and damaged: leaks, corruptions, or a header that makes them unusable. The provisional\n-- result of an image in use is no damage.\nCREATE VIEW damaged_image AS\nSELECT\n    *,\n    leaks * cluster_size AS leaked_bytes\nFROM latest_check\nWHERE present AND (outcome IN (''leaking'', ''corrupt'', ''invalid'') OR (outcome = ''incomplete'' AND corruptions > 0));\n\n-- One row per scan, with its duration in seconds and the number of images that are not clean.\nCREATE VIEW scan_summary AS\nSELECT\n    id AS scan_id,\n    uuid,\n    host,\n    started_at,\n    finished_at,\n    round((julianday(finished_at) - julianday(started_at)) * 86400, 3) AS duration_s,\n    state,\n    roots,\n    files_seen,\n    images_seen,\n    reused,\n    images_seen - reused AS checked,\n    clean,\n    leaking,\n    corrupt,\n    incomplete,\n    invalid,\n    unsupported,\n    in_use,\n    changing,\n    images_seen - clean AS problems,\n    dirty,\n    path_errors,\n    bytes_read,\n    version\nFROM scan;\n','\n',char(10)),'2026-01-01 00:00:00.000');
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
INSERT INTO scan VALUES(1,'6f1c0a52-0000-4000-8000-000000000001','test','2026-01-01 03:17:00.000','2026-01-01 03:17:05.250','completed','["/pool"]','{"jobs":4}','0.1.0',9,7,0,3,1,1,0,1,0,1,0,1,1,40960);
INSERT INTO scan VALUES(2,'6f1c0a52-0000-4000-8000-000000000002','test','2026-01-02 03:17:00.000','2026-01-02 03:17:01.000','completed','["/pool"]','{"jobs":4}','0.1.0',9,6,5,3,0,1,0,1,0,1,0,1,1,4096);
INSERT INTO scan VALUES(3,'6f1c0a52-0000-4000-8000-000000000003','test','2026-01-03 03:17:00.000',NULL,'interrupted','["/pool"]','{"jobs":4}','0.1.0',0,0,0,0,0,0,0,0,0,0,0,0,0,0);
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
INSERT INTO image VALUES(1,'test','/pool/clean.qed',NULL,64,101,1,2,NULL);
INSERT INTO image VALUES(2,'test','/pool/healed.qed',NULL,64,102,1,2,NULL);
INSERT INTO image VALUES(3,'test','/pool/hurt.qed',NULL,64,103,1,2,NULL);
INSERT INTO image VALUES(4,'test','/pool/gone.qed',NULL,64,104,1,1,2);
INSERT INTO image VALUES(5,'test','/pool/\xff.qed',X'2f706f6f6c2fff2e716564',64,105,1,2,NULL);
INSERT INTO image VALUES(6,'test','/pool/running.qed',NULL,64,106,1,2,NULL);
INSERT INTO image VALUES(7,'test','/pool/header.qed',NULL,64,-9223372036854775801,1,2,NULL);
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
INSERT INTO check_result VALUES(1,1,1,'2026-01-01 03:17:02.000',1234,2,'clean',NULL,64,101,1310720,1767000000000000005,1767000000000000005,589824,0,65536,4,1,67108864,65536,0,0,0,NULL,NULL,0,0,0,1024,14,1,2,0);
INSERT INTO check_result VALUES(2,2,1,'2026-01-01 03:17:02.000',1234,2,'leaking',NULL,64,102,1310720,1767000000000000005,1767000000000000005,589824,0,65536,4,1,67108864,65536,0,0,0,NULL,NULL,3,0,0,1024,14,1,2,3);
INSERT INTO check_result VALUES(3,3,1,'2026-01-01 03:17:02.000',1234,2,'corrupt',NULL,64,103,1310720,1767000000000000005,1767000000000000005,589824,1,65536,4,1,67108864,65536,2,0,0,NULL,NULL,0,2,0,1024,14,1,2,0);
INSERT INTO check_result VALUES(4,4,1,'2026-01-01 03:17:02.000',1234,2,'clean',NULL,64,104,1310720,1767000000000000005,1767000000000000005,589824,0,65536,4,1,67108864,65536,0,0,0,NULL,NULL,0,0,0,1024,14,1,2,0);
INSERT INTO check_result VALUES(5,5,1,'2026-01-01 03:17:02.000',1234,2,'clean',NULL,64,105,1310720,1767000000000000005,1767000000000000005,589824,0,65536,4,1,67108864,65536,0,0,0,NULL,NULL,0,0,0,1024,14,1,2,0);
INSERT INTO check_result VALUES(6,6,1,'2026-01-01 03:17:02.000',1234,2,'in_use','a program holds a lock',64,106,1310720,1767000000000000005,1767000000000000005,589824,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO check_result VALUES(7,7,1,'2026-01-01 03:17:02.000',1234,2,'invalid','the header cannot be used',64,-9223372036854775801,1310720,1767000000000000005,1767000000000000005,589824,0,65536,4,1,67108864,65536,0,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO check_result VALUES(8,2,2,'2026-01-02 03:17:00.500',1234,2,'clean',NULL,64,102,1310720,1767000000000000005,1767000000000000005,589824,0,65536,4,1,67108864,65536,0,0,0,NULL,NULL,0,0,0,1024,14,1,2,0);
CREATE TABLE finding_kind (
    slug TEXT PRIMARY KEY,
    pass TEXT NOT NULL CHECK (pass IN ('header', 'table', 'leak')),
    severity TEXT NOT NULL CHECK (severity IN ('corruption', 'leak', 'notice')),
    message TEXT NOT NULL,
    repair TEXT  -- the repair action that mends it; NULL if none does
) STRICT, WITHOUT ROWID;
INSERT INTO finding_kind VALUES('cluster-leaked','leak','leak','clusters that nothing refers to','reclaim-leaks');
INSERT INTO finding_kind VALUES('data-offset-beyond-file','table','corruption','offset beyond the end of the file','clear-invalid');
INSERT INTO finding_kind VALUES('header-magic','header','corruption','no QED image',NULL);
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
INSERT INTO finding VALUES(2,1,'cluster-leaked',NULL,NULL,NULL,1114112,3,NULL,NULL,NULL,NULL,0);
INSERT INTO finding VALUES(3,1,'data-offset-beyond-file',0,1,1099511627776,131080,1,65536,65536,NULL,NULL,1);
CREATE TABLE path_error (
    id INTEGER PRIMARY KEY,
    scan_id INTEGER NOT NULL REFERENCES scan (id),
    path TEXT NOT NULL,
    path_bytes BLOB,
    operation TEXT NOT NULL,  -- the system call
    errno INTEGER NOT NULL,
    message TEXT NOT NULL
) STRICT;
INSERT INTO path_error VALUES(1,1,'/pool/locked',NULL,'openat',13,'openat: Permission denied');
INSERT INTO path_error VALUES(2,2,'/pool/locked',NULL,'openat',13,'openat: Permission denied');
CREATE UNIQUE INDEX image_by_path ON image (host, path, ifnull(path_bytes, x''));
CREATE INDEX image_by_last_scan ON image (last_scan_id);
CREATE INDEX check_result_by_image ON check_result (image_id);
CREATE INDEX check_result_by_scan ON check_result (scan_id);
CREATE INDEX finding_by_kind ON finding (kind);
CREATE INDEX path_error_by_scan ON path_error (scan_id);
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
CREATE VIEW damaged_image AS
SELECT
    *,
    leaks * cluster_size AS leaked_bytes
FROM latest_check
WHERE present AND (outcome IN ('leaking', 'corrupt', 'invalid') OR (outcome = 'incomplete' AND corruptions > 0));
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
COMMIT;
