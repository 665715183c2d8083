-- A store of version 4, with its history as it was written, and rows as a program of that version wrote them.
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
INSERT INTO schema_migration VALUES(2,'0002_add_repair',replace('-- Repairs: what was changed in an image, enough of it to take it back, and what came of it.\n--\n-- A repair is ''prepared'' before the first byte of the image changes, and gets another state when it has ended. One that\n-- a crash left ''prepared'' is settled by the next repair. Device and inode numbers are 64-bit patterns, as in `image`.\n\n-- Everything a repair can do. Filled from the program''s own table at each start of a command that writes.\nCREATE TABLE repair_action (\n    name TEXT PRIMARY KEY,\n    summary TEXT NOT NULL,\n    loss TEXT NOT NULL CHECK (loss IN (''nothing'', ''mapping'', ''leaked-bytes'')),\n    is_default INTEGER NOT NULL CHECK (is_default IN (0, 1))  -- done unless it is asked for by name\n) STRICT, WITHOUT ROWID;\n\n-- A repair of an image, or the undo of one: of `undoes_repair_id`, whose writes it goes through the other way round.\nCREATE TABLE repair (\n    id INTEGER PRIMARY KEY,\n    image_id INTEGER NOT NULL REFERENCES image (id),\n    undoes_repair_id INTEGER REFERENCES repair (id) CHECK (undoes_repair_id < id),  -- NULL unless it is an undo\n    state TEXT NOT NULL CHECK (state IN (''prepared'', ''done'', ''rolled_back'', ''conflict'')),\n    message TEXT,                -- why it is not done\n    host TEXT NOT NULL,\n    version TEXT NOT NULL,       -- of the program\n    actions TEXT NOT NULL,       -- JSON array of names of repair_action\n    is_undoable INTEGER NOT NULL CHECK (is_undoable IN (0, 1)),  -- everything that it changes is in repair_write\n    started_at TEXT NOT NULL,\n    finished_at TEXT,\n    check_result_before_id INTEGER REFERENCES check_result (id),  -- the latest when it began\n    check_result_after_id INTEGER REFERENCES check_result (id),   -- the repair''s own; NULL if it made none\n\n    -- The file when it began.\n    device INTEGER NOT NULL,\n    inode INTEGER NOT NULL,\n    size_before INTEGER NOT NULL CHECK (size_before >= 0),\n    mtime_ns_before INTEGER NOT NULL,\n    ctime_ns_before INTEGER NOT NULL,\n    header_before BLOB NOT NULL CHECK (length(header_before) <= 64),\n    metadata_sha256_before BLOB NOT NULL CHECK (length(metadata_sha256_before) = 32),  -- header, names and tables\n\n    -- The file when it had ended; NULL if that is not known. The size is the planned one until then.\n    size_after INTEGER NOT NULL CHECK (size_after >= 0),\n    device_after INTEGER,\n    inode_after INTEGER,\n    mtime_ns_after INTEGER,\n    ctime_ns_after INTEGER,\n    header_after BLOB CHECK (length(header_after) <= 64),\n    metadata_sha256_after BLOB CHECK (length(metadata_sha256_after) = 32),\n\n    CHECK ((state = ''prepared'') = (finished_at IS NULL)),\n    CHECK (\n        state <> ''done''\n        OR device_after + inode_after + mtime_ns_after + ctime_ns_after IS NOT NULL\n        AND header_after IS NOT NULL AND metadata_sha256_after IS NOT NULL)\n) STRICT;\n\nCREATE INDEX repair_by_image ON repair (image_id);\nCREATE INDEX repair_by_undone ON repair (undoes_repair_id) WHERE undoes_repair_id IS NOT NULL;\n\n-- Finds what has to be settled, and keeps an image from having two of them.\nCREATE UNIQUE INDEX repair_prepared ON repair (image_id) WHERE state = ''prepared'';\n\n-- The changes of a repair. An undo has none of its own.\n--\n-- words: bytes in place. append, copy: new bytes past the old end; those of a copy stand at source_offset, as they were\n-- before the repair. release: bytes given back, kept in `before` if they were saved.\nCREATE TABLE repair_write (\n    repair_id INTEGER NOT NULL REFERENCES repair (id) ON DELETE CASCADE,\n    number INTEGER NOT NULL CHECK (number >= 1),  -- in the order of the plan\n    phase TEXT NOT NULL CHECK (phase IN (''detach'', ''tail'', ''pointer'', ''reclaim'', ''header'')),\n    action TEXT NOT NULL REFERENCES repair_action (name),\n    kind TEXT NOT NULL CHECK (kind IN (''words'', ''append'', ''copy'', ''release'')),\n    file_offset INTEGER NOT NULL CHECK (file_offset >= 0),\n    length INTEGER NOT NULL CHECK (length >= 0),\n    source_offset INTEGER CHECK (source_offset >= 0),\n    -- Last, as they may be large: what only counts lengths does not read them.\n    before BLOB,\n    after BLOB,\n    UNIQUE (repair_id, number),\n    CHECK ((kind = ''copy'') = (source_offset IS NOT NULL)),\n    CHECK (CASE kind WHEN ''words'' THEN before IS NOT NULL WHEN ''release'' THEN 1 ELSE before IS NULL END),\n    CHECK ((kind IN (''words'', ''append'')) = (after IS NOT NULL)),\n    CHECK (ifnull(length(before), length) = length AND ifnull(length(after), length) = length),\n    CHECK (kind <> ''words'' OR file_offset % 8 = 0 AND length % 8 = 0)\n) STRICT;\n\n-- Guest bytes that read differently afterwards.\n--\n-- unallocated: could not be read; now the backing file''s, or zeros. zeroed: could not be read; now zeros.\n-- readable: could not be read, and can be now.\nCREATE TABLE repair_effect (\n    repair_id INTEGER NOT NULL REFERENCES repair (id) ON DELETE CASCADE,\n    number INTEGER NOT NULL CHECK (number >= 1),\n    kind TEXT NOT NULL CHECK (kind IN (''unallocated'', ''zeroed'', ''readable'')),\n    action TEXT NOT NULL REFERENCES repair_action (name),\n    guest_offset INTEGER NOT NULL CHECK (guest_offset >= 0),\n    guest_length INTEGER NOT NULL CHECK (guest_length >= 0),\n    PRIMARY KEY (repair_id, number)\n) STRICT, WITHOUT ROWID;\n\n-- NULL for the result of a scan. A result that a repair gave has the repair, and as scan_id the image''s last_scan_id.\nALTER TABLE check_result ADD COLUMN repair_id INTEGER REFERENCES repair (id);\n\n-- One row per repair: what it changed, or would have if it is not done.\n--\n-- undone_by_repair_id: the repair that undid it, unless that was itself undone since. size_after: NULL if not known.\n-- changed_entries: words of 8 bytes, also of an undo. copied_bytes: new bytes that are copies. lost_ranges, lost_bytes:\n-- of the guest, of which only the mapping was lost: they could not be read before.\nCREATE VIEW repair_history AS\nWITH RECURSIVE\n-- Each repair, and the one at the end of its chain of undos, whose writes it goes through: forwards if depth is even.\nroot (repair_id, root_id, depth) AS (\n    SELECT id, id, 0 FROM repair WHERE undoes_repair_id IS NULL\n    UNION ALL\n    SELECT repair.id, root.root_id, root.depth + 1\n    FROM root JOIN repair ON repair.undoes_repair_id = root.repair_id\n),\n-- Each repair, its undos (via_id), and what undid those in turn. The last one says whether the repair is undone.\nundo (repair_id, via_id, last_id, depth) AS (\n    SELECT undoes_repair_id, id, id, 1 FROM repair WHERE undoes_repair_id IS NOT NULL AND state = ''done''\n    UNION ALL\n    SELECT undo.repair_id, undo.via_id, repair.id, undo.depth + 1\n    FROM undo JOIN repair ON repair.undoes_repair_id = undo.last_id AND repair.state = ''done''\n),\n-- The other columns are those of the row with the maximum: so SQLite defines it.\nlast_undo (repair_id, last_id, via_id, depth) AS MATERIALIZED (\n    SELECT repair_id, max(last_id), via_id, depth FROM undo GROUP BY repair_id\n)\nSELECT\n    repair.id AS repair_id,\n    image.path AS path,\n    repair.host AS host,\n    repair.state AS state,\n    repair.actions AS actions,\n    repair.undoes_repair_id AS undoes_repair_id,\n    CASE WHEN last_undo.depth % 2 = 1 THEN last_undo.via_id END AS undone_by_repair_id,\n    repair.is_undoable AS is_undoable,\n    repair.started_at AS started_at,\n    repair.finished_at AS finished_at,\n    result_before.outcome AS outcome_before,\n    result_after.outcome AS outcome_after,\n    result_before.corruptions AS corruptions_before,\n    result_after.corruptions AS corruptions_after,\n    result_before.leaks AS leaks_before,\n    result_after.leaks AS leaks_after,\n    result_before.dirty AS dirty_before,\n    result_after.dirty AS dirty_after,\n    repair.size_before AS size_before,\n    CASE WHEN repair.mtime_ns_after IS NOT NULL THEN repair.size_after END AS size_after,\n    (\n        SELECT ifnull(sum(length), 0) / 8 FROM repair_write\n        WHERE repair_write.repair_id = root.root_id AND kind = ''words''\n    ) AS changed_entries,\n    (\n        SELECT ifnull(sum(length), 0) FROM repair_write\n        WHERE repair_write.repair_id = root.root_id AND kind = ''copy'' AND root.depth % 2 = 0\n    ) AS copied_bytes,\n    (\n        SELECT count(*) FROM repair_effect\n        WHERE repair_effect.repair_id = repair.id AND kind <> ''readable''\n    ) AS lost_ranges,\n    (\n        SELECT ifnull(sum(guest_length), 0) FROM repair_effect\n        WHERE repair_effect.repair_id = repair.id AND kind <> ''readable''\n    ) AS lost_bytes,\n    repair.message AS message\nFROM repair\nJOIN image ON image.id = repair.image_id\nJOIN root ON root.repair_id = repair.id\nLEFT JOIN last_undo ON last_undo.repair_id = repair.id\nLEFT JOIN check_result AS result_before ON result_before.id = repair.check_result_before_id\nLEFT JOIN check_result AS result_after ON result_after.id = repair.check_result_after_id;\n','\n',char(10)),'2026-01-02 00:00:00.000');
INSERT INTO schema_migration VALUES(3,'0003_add_backing_and_history',replace('-- Backing files, and what became of images from scan to scan.\n--\n-- Device and inode numbers are 64-bit patterns, as in `image`. Times of files are nanoseconds since 1970.\n\n-- When the image''s file was made; NULL where the file system does not say. With device and inode it tells a file that\n-- has moved from another that got the inode of one that is gone.\nALTER TABLE image ADD COLUMN birth_ns INTEGER;\n\nCREATE INDEX image_by_file ON image (device, inode);\nCREATE INDEX image_by_first_scan ON image (first_scan_id);\nCREATE INDEX scan_by_host ON scan (host);\n\n-- The backing file of an image that has one: what its header says, and what that led to. A row is written only when\n-- something in it differs.\nCREATE TABLE backing (\n    image_id INTEGER PRIMARY KEY REFERENCES image (id),\n    name TEXT NOT NULL,  -- as the header has it; bytes that are not UTF-8 are written \xNN\n    name_bytes BLOB,     -- the exact bytes of such a name, else NULL\n    kind TEXT NOT NULL CHECK (kind IN (''file'', ''protocol'', ''json'')),  -- only a file is looked at\n    is_raw_flag INTEGER NOT NULL CHECK (is_raw_flag IN (0, 1)),       -- it must be taken for raw\n    virtual_size INTEGER NOT NULL CHECK (virtual_size >= 0),          -- of the overlay\n    inode INTEGER NOT NULL,                                           -- of the overlay\n    birth_ns INTEGER,                                                 -- of the overlay\n\n    -- Where it is: without symbolic links and `..`, as far as it exists. NULL unless it is a file.\n    base_path TEXT,\n    base_path_bytes BLOB,\n    state TEXT CHECK (state IN (''found'', ''missing'', ''unreadable'', ''not-regular'', ''loop'')),  -- loop: of symbolic links\n    errno INTEGER,   -- the reason; NULL if there is none\n    base_type TEXT CHECK (base_type IN (''regular'', ''directory'', ''fifo'', ''socket'', ''block'', ''character'', ''other'')),\n\n    -- What it is; NULL unless it was found.\n    base_device INTEGER,\n    base_inode INTEGER,\n    base_mtime_ns INTEGER,\n    base_is_qed INTEGER CHECK (base_is_qed IN (0, 1)),\n    base_virtual_size INTEGER CHECK (base_virtual_size >= 0),  -- NULL too for other formats than QED and raw\n\n    -- The image that it is, NULL if the store has none: by its path, or by its file if that has other names.\n    base_image_id INTEGER REFERENCES image (id),\n    base_changed_scan_id INTEGER REFERENCES scan (id),  -- the scan that saw it changed, with the same overlay on it\n    scan_id INTEGER NOT NULL REFERENCES scan (id),      -- the scan that wrote the row last\n    CHECK ((kind = ''file'') = (base_path IS NOT NULL)),\n    CHECK ((kind = ''file'') = (state IS NOT NULL)),\n    CHECK ((ifnull(state, '''') = ''found'') = (base_is_qed IS NOT NULL))\n) STRICT;\n\nCREATE INDEX backing_by_base_image ON backing (base_image_id) WHERE base_image_id IS NOT NULL;\nCREATE INDEX backing_by_base_path ON backing (base_path);\n\n-- The roots of a scan, as they were found.\n--\n-- read: walked to its end. unreadable: an error, see path_error. interrupted: the scan ended early. not-mounted: another\n-- file system than at the last scan and no image on it, where there were some.\nCREATE TABLE scan_root (\n    scan_id INTEGER NOT NULL REFERENCES scan (id),\n    number INTEGER NOT NULL,  -- from 1, in the order given\n    path TEXT NOT NULL,\n    path_bytes BLOB,\n    device INTEGER,           -- NULL if it could not be opened\n    inode INTEGER,\n    state TEXT NOT NULL CHECK (state IN (''read'', ''unreadable'', ''interrupted'', ''not-mounted'')),\n    images INTEGER NOT NULL CHECK (images >= 0),  -- that the scan saw below it\n    PRIMARY KEY (scan_id, number)\n) STRICT;\n\nCREATE INDEX scan_root_by_path ON scan_root (path);\n\n-- What became of an image that is still the same file, or is not there. Rows are only added.\nCREATE TABLE image_event (\n    id INTEGER PRIMARY KEY,\n    scan_id INTEGER NOT NULL REFERENCES scan (id),\n    image_id INTEGER NOT NULL REFERENCES image (id),\n    -- vanished: not seen where it should have been. returned: seen again at its path. moved: this path has the file of\n    -- other_image_id, which vanished.\n    event TEXT NOT NULL CHECK (event IN (''vanished'', ''returned'', ''moved'')),\n    other_image_id INTEGER REFERENCES image (id),\n    CHECK ((event = ''moved'') = (other_image_id IS NOT NULL))\n) STRICT;\n\nCREATE INDEX image_event_by_scan ON image_event (scan_id);\nCREATE INDEX image_event_by_image ON image_event (image_id);\nCREATE INDEX image_event_by_other ON image_event (other_image_id) WHERE other_image_id IS NOT NULL;\n\n-- Whoever marks an image, or takes the mark away, leaves a row.\nCREATE TRIGGER image_vanished AFTER UPDATE OF missing_since_scan_id ON image\nWHEN old.missing_since_scan_id IS NULL AND new.missing_since_scan_id IS NOT NULL\nBEGIN\n    INSERT INTO image_event (scan_id, image_id, event) VALUES (new.missing_since_scan_id, new.id, ''vanished'');\nEND;\n\nCREATE TRIGGER image_returned AFTER UPDATE OF missing_since_scan_id ON image\nWHEN old.missing_since_scan_id IS NOT NULL AND new.missing_since_scan_id IS NULL\nBEGIN\n    INSERT INTO image_event (scan_id, image_id, event) VALUES (new.last_scan_id, new.id, ''returned'');\nEND;\n\n-- What is known before this migration.\nINSERT INTO image_event (scan_id, image_id, event)\nSELECT missing_since_scan_id, id, ''vanished'' FROM image WHERE missing_since_scan_id IS NOT NULL;\n\n-- One row per overlay: its backing file.\n--\n-- base_changed: its contents changed after the overlay was made, so that the overlay may not fit any more.\nCREATE VIEW backing_link AS\nSELECT\n    backing.image_id AS image_id,\n    image.host AS host,\n    image.path AS path,\n    image.path_bytes AS path_bytes,\n    backing.name AS backing_file,\n    backing.name_bytes AS backing_file_bytes,\n    backing.kind AS kind,\n    backing.base_path AS base_path,\n    backing.base_path_bytes AS base_path_bytes,\n    backing.state AS state,\n    backing.errno AS errno,\n    backing.base_type AS base_type,\n    base.id AS base_image_id,\n    base_result.outcome AS base_outcome,\n    base_result.dirty AS base_dirty,\n    base_result.corruptions AS base_corruptions,\n    base.missing_since_scan_id IS NULL AS base_present,\n    backing.base_is_qed AS base_is_qed,\n    backing.is_raw_flag AS is_raw_flag,\n    backing.virtual_size AS virtual_size,\n    backing.base_virtual_size AS base_virtual_size,\n    strftime(''%Y-%m-%d %H:%M:%S'', backing.birth_ns / 1000000000, ''unixepoch'') AS made_at,\n    strftime(''%Y-%m-%d %H:%M:%S'', backing.base_mtime_ns / 1000000000, ''unixepoch'') AS base_modified_at,\n    backing.state = ''found'' AND (\n        ifnull(backing.base_mtime_ns > backing.birth_ns, 0) OR backing.base_changed_scan_id IS NOT NULL\n    ) AS base_changed,\n    backing.base_changed_scan_id AS base_changed_scan_id,\n    image.missing_since_scan_id IS NULL AS present,\n    backing.scan_id AS scan_id\nFROM backing\nJOIN image ON image.id = backing.image_id\nLEFT JOIN image AS base ON base.id = backing.base_image_id\nLEFT JOIN check_result AS base_result\n    ON base_result.id = (SELECT max(id) FROM check_result WHERE image_id = base.id);\n\n-- Every backing file and all overlays that need it, by their numbers alone: what backing_tree and backing_problem share.\n--\n-- An image has one backing file at most, so that from a base on only the base itself can come up again: there a cycle\n-- ends. A chain is followed for 100 steps.\nCREATE VIEW backing_chain AS\nWITH RECURSIVE chain (base_image_id, direct_image_id, image_id, depth) AS (\n    SELECT base_image_id, image_id, image_id, 1 FROM backing WHERE kind = ''file''\n    UNION ALL\n    SELECT chain.base_image_id, chain.direct_image_id, backing.image_id, chain.depth + 1\n    FROM chain JOIN backing ON backing.base_image_id = chain.image_id\n    WHERE chain.image_id IS NOT chain.base_image_id AND chain.depth < 100\n)\nSELECT base_image_id, direct_image_id, image_id, depth FROM chain;\n\n-- Every backing file and all overlays that need it, directly (depth 1) or through others: what a damage of it reaches.\n-- An image in a cycle needs itself too. base_image_id is NULL for a file that is no image of the store; direct_image_id\n-- is the overlay directly on the base.\nCREATE VIEW backing_tree AS\nSELECT\n    image.host AS host,\n    ifnull(base.path, direct.base_path) AS base_path,\n    chain.base_image_id AS base_image_id,\n    chain.image_id AS image_id,\n    image.path AS path,\n    chain.depth AS depth,\n    chain.direct_image_id AS direct_image_id,\n    image.missing_since_scan_id IS NULL AS present\nFROM backing_chain AS chain\nCROSS JOIN image ON image.id = chain.image_id  -- in this order: there are more rows of a chain than images\nCROSS JOIN backing AS direct ON direct.image_id = chain.direct_image_id\nLEFT JOIN image AS base ON base.id = chain.base_image_id;\n\n-- The overlays that are there and have something wrong with the files below them; one row for each problem.\n--\n-- missing, unreadable: the backing file is not to be had. self: it is the overlay. cycle: the overlay is below itself.\n-- base-corrupt, base-dirty, base-in-use: by the backing file''s latest check; only of the one directly below.\n-- base-changed: its contents changed after the overlay was made. raw-flag: it is QED, but the overlay says that it is\n-- raw. base-larger: by its virtual size. deep: more than 8 files below.\nCREATE VIEW backing_problem AS\nWITH\nlink AS MATERIALIZED (SELECT * FROM backing_link WHERE present),\nabove AS MATERIALIZED (\n    SELECT image_id, max(depth) AS depth, max(base_image_id IS image_id) AS is_cycle\n    FROM backing_chain\n    GROUP BY image_id\n)\nSELECT image_id, host, path, ''missing'' AS problem, base_path, NULL AS detail FROM link WHERE state = ''missing''\nUNION ALL\nSELECT\n    image_id, host, path, ''unreadable'', base_path,\n    CASE state\n        WHEN ''loop'' THEN ''too many symbolic links''\n        WHEN ''not-regular'' THEN ''not a regular file: '' || ifnull(base_type, ''made up by the kernel'')\n        ELSE ''error '' || errno\n    END\nFROM link\n-- A disk may be a backing file as well as a file may.\nWHERE state IN (''unreadable'', ''loop'') OR (state = ''not-regular'' AND base_type IS NOT ''block'')\nUNION ALL\nSELECT image_id, host, path, ''self'', base_path, NULL FROM link WHERE base_image_id = image_id\nUNION ALL\nSELECT link.image_id, link.host, link.path, ''cycle'', link.base_path, ''of '' || above.depth || '' images''\nFROM above JOIN link ON link.image_id = above.image_id\nWHERE above.is_cycle AND link.base_image_id <> link.image_id\nUNION ALL\nSELECT\n    image_id, host, path, ''base-corrupt'', base_path,\n    base_outcome || CASE WHEN base_corruptions > 0 THEN '', '' || base_corruptions || '' corruptions'' ELSE '''' END\nFROM link\nWHERE state = ''found'' AND base_present AND base_image_id <> image_id\n    AND (base_outcome IN (''corrupt'', ''invalid'') OR (base_outcome = ''incomplete'' AND base_corruptions > 0))\nUNION ALL\nSELECT image_id, host, path, ''base-dirty'', base_path, NULL\nFROM link\nWHERE state = ''found'' AND base_present AND base_dirty AND base_image_id <> image_id\nUNION ALL\nSELECT image_id, host, path, ''base-in-use'', base_path, NULL\nFROM link\nWHERE state = ''found'' AND base_present AND base_outcome = ''in_use'' AND base_image_id <> image_id\nUNION ALL\nSELECT\n    image_id, host, path, ''base-changed'', base_path,\n    ''modified '' || base_modified_at || ifnull('', the overlay was made '' || made_at, '''')\nFROM link\nWHERE base_changed AND base_image_id IS NOT image_id\nUNION ALL\nSELECT image_id, host, path, ''raw-flag'', base_path, NULL FROM link WHERE is_raw_flag AND base_is_qed\nUNION ALL\nSELECT\n    image_id, host, path, ''base-larger'', base_path, base_virtual_size || '' bytes, the overlay '' || virtual_size\nFROM link\nWHERE base_virtual_size > virtual_size\nUNION ALL\nSELECT link.image_id, link.host, link.path, ''deep'', link.base_path, above.depth || '' files below''\nFROM above JOIN link ON link.image_id = above.image_id\nWHERE above.depth > 8 AND NOT above.is_cycle;\n\n-- One row per result of an image, in the order of their id, with what the one before it was. scan_id is NULL for the\n-- result of a repair, repair_id for that of a scan.\nCREATE VIEW image_history AS\nSELECT\n    check_result.image_id AS image_id,\n    image.host AS host,\n    image.path AS path,\n    check_result.id AS check_result_id,\n    CASE WHEN check_result.repair_id IS NULL THEN ''scan'' ELSE ''repair'' END AS source,\n    CASE WHEN check_result.repair_id IS NULL THEN check_result.scan_id END AS scan_id,\n    check_result.repair_id AS repair_id,\n    check_result.checked_at AS checked_at,\n    lag(check_result.outcome) OVER earlier AS outcome_before,\n    check_result.outcome AS outcome,\n    lag(check_result.corruptions) OVER earlier AS corruptions_before,\n    check_result.corruptions AS corruptions,\n    lag(check_result.leaks) OVER earlier AS leaks_before,\n    check_result.leaks AS leaks,\n    lag(check_result.dirty) OVER earlier AS dirty_before,\n    check_result.dirty AS dirty,\n    lag(check_result.file_size) OVER earlier AS file_size_before,\n    check_result.file_size AS file_size,\n    check_result.message AS message\nFROM check_result\nJOIN image ON image.id = check_result.image_id\nWINDOW earlier AS (PARTITION BY check_result.image_id ORDER BY check_result.id);\n\n-- What is different between a scan and the one before it on the same host; one row per image that is.\n--\n-- change: new; vanished; returned; moved (from old_path); healed (damaged before, clean now); newly-damaged; worse (more\n-- corruptions or a worse outcome); changed (any other result). The outcome of an image that is in use or changing says\n-- nothing of it, so it is passed over. What a repair did since the scan before shows here as well, but is never taken\n-- for what a scan saw.\nCREATE VIEW scan_change AS\nWITH\npair (scan_id, previous_scan_id) AS (\n    SELECT\n        scan.id,\n        (SELECT max(earlier.id) FROM scan AS earlier WHERE earlier.host = scan.host AND earlier.id < scan.id)\n    FROM scan\n),\ncandidate (scan_id, previous_scan_id, image_id, kind, old_image_id) AS (\n    SELECT pair.scan_id, pair.previous_scan_id, image_event.image_id, image_event.event, image_event.other_image_id\n    FROM pair JOIN image_event ON image_event.scan_id = pair.scan_id\n    WHERE NOT (\n        image_event.event = ''vanished'' AND EXISTS (\n            SELECT 1 FROM image_event AS moved\n            WHERE moved.other_image_id = image_event.image_id AND moved.scan_id = image_event.scan_id))\n    AND NOT (\n        image_event.event = ''returned'' AND EXISTS (\n            SELECT 1 FROM image_event AS moved\n            WHERE moved.image_id = image_event.image_id AND moved.scan_id = image_event.scan_id\n                AND moved.event = ''moved''))\n    UNION ALL\n    SELECT pair.scan_id, pair.previous_scan_id, image.id, ''new'', NULL\n    FROM pair JOIN image ON image.first_scan_id = pair.scan_id\n    WHERE NOT EXISTS (\n        SELECT 1 FROM image_event WHERE image_event.image_id = image.id AND image_event.scan_id = pair.scan_id)\n    UNION ALL\n    SELECT pair.scan_id, pair.previous_scan_id, result.image_id, NULL, NULL\n    FROM pair JOIN check_result AS result\n        ON (result.scan_id = pair.scan_id AND result.repair_id IS NULL)\n    JOIN image ON image.id = result.image_id\n    WHERE image.first_scan_id < pair.scan_id AND NOT EXISTS (\n        SELECT 1 FROM image_event WHERE image_event.image_id = image.id AND image_event.scan_id = pair.scan_id)\n    UNION\n    SELECT pair.scan_id, pair.previous_scan_id, result.image_id, NULL, NULL\n    FROM pair JOIN check_result AS result\n        ON result.scan_id = pair.previous_scan_id AND result.repair_id IS NOT NULL\n    WHERE NOT EXISTS (\n        SELECT 1 FROM image_event\n        WHERE image_event.image_id = result.image_id AND image_event.scan_id = pair.scan_id)\n),\n-- The latest conclusive result that a scan gave or found.\nstate AS (\n    SELECT\n        candidate.*,\n        (\n            SELECT max(r.id) FROM check_result AS r\n            WHERE r.image_id = ifnull(candidate.old_image_id, candidate.image_id)\n                AND r.outcome NOT IN (''in_use'', ''changing'')\n                AND (r.scan_id < candidate.previous_scan_id\n                    OR r.scan_id = candidate.previous_scan_id AND r.repair_id IS NULL)\n        ) AS before_id,\n        (\n            SELECT max(r.id) FROM check_result AS r\n            WHERE r.image_id = candidate.image_id AND r.outcome NOT IN (''in_use'', ''changing'')\n                AND (r.scan_id < candidate.scan_id OR r.scan_id = candidate.scan_id AND r.repair_id IS NULL)\n        ) AS after_id\n    FROM candidate\n),\ncompared AS (\n    SELECT\n        state.*,\n        b.outcome AS outcome_before,\n        CASE WHEN kind IS NOT ''vanished'' THEN a.outcome END AS outcome_after,\n        b.corruptions AS corruptions_before,\n        CASE WHEN kind IS NOT ''vanished'' THEN a.corruptions END AS corruptions_after,\n        b.leaks AS leaks_before,\n        CASE WHEN kind IS NOT ''vanished'' THEN a.leaks END AS leaks_after,\n        b.dirty IS NOT a.dirty AS is_dirty_changed,\n        ifnull(b.outcome IN (''leaking'', ''corrupt'', ''invalid'') OR b.outcome = ''incomplete'' AND b.corruptions > 0, 0)\n            AS was_damaged,\n        ifnull(a.outcome IN (''leaking'', ''corrupt'', ''invalid'') OR a.outcome = ''incomplete'' AND a.corruptions > 0, 0)\n            AS is_damaged,\n        CASE b.outcome\n            WHEN ''clean'' THEN 0 WHEN ''leaking'' THEN 1 WHEN ''corrupt'' THEN 3 WHEN ''invalid'' THEN 4 ELSE 2\n        END AS rank_before,\n        CASE a.outcome\n            WHEN ''clean'' THEN 0 WHEN ''leaking'' THEN 1 WHEN ''corrupt'' THEN 3 WHEN ''invalid'' THEN 4 ELSE 2\n        END AS rank_after\n    FROM state\n    LEFT JOIN check_result AS b ON b.id = state.before_id\n    LEFT JOIN check_result AS a ON a.id = state.after_id\n)\nSELECT\n    compared.scan_id AS scan_id,\n    compared.previous_scan_id AS previous_scan_id,\n    compared.image_id AS image_id,\n    image.path AS path,\n    CASE\n        WHEN compared.kind IS NOT NULL THEN compared.kind\n        WHEN was_damaged AND outcome_after = ''clean'' THEN ''healed''\n        WHEN is_damaged AND NOT was_damaged THEN ''newly-damaged''\n        WHEN rank_after > rank_before OR ifnull(corruptions_after, 0) > ifnull(corruptions_before, 0) THEN ''worse''\n        ELSE ''changed''\n    END AS change,\n    old_image.path AS old_path,\n    outcome_before,\n    outcome_after,\n    corruptions_before,\n    corruptions_after,\n    leaks_before,\n    leaks_after\nFROM compared\nJOIN image ON image.id = compared.image_id\nLEFT JOIN image AS old_image ON old_image.id = compared.old_image_id\nWHERE compared.kind IS NOT NULL\n    OR after_id IS NOT NULL AND after_id IS NOT before_id AND (\n        outcome_before IS NOT outcome_after OR corruptions_before IS NOT corruptions_after\n        OR leaks_before IS NOT leaks_after OR is_dirty_changed)\n    AND (before_id IS NOT NULL OR is_damaged);\n','\n',char(10)),'2026-01-03 00:00:00.000');
INSERT INTO schema_migration VALUES(4,'0004_add_assessment',replace('-- How bad the damage of each image is.\n--\n-- A finding of kind ''table-orphaned'' is an L2 table among the leaked clusters. Its columns: file_offset, where the table\n-- begins; entry_value, how many L1 entries it may belong to; l1_index, guest_offset and guest_length, which one and what\n-- that maps, if there is only one; cluster_count 0, since its clusters are among those of ''cluster-leaked'', which make\n-- up the leaks alone; suppressed_count, how many more tables there are.\n\n-- One row per image that is there and damaged. assessment, the worst first:\n--\n-- unusable: the header, or the place of the L1 table, is invalid: nothing can be read.\n-- tree-lost: L2 tables are orphaned, or no table has an entry and the file is full of leaked clusters: the guest reads\n--     zeros, or the backing file, where it had data. The clusters are still there: nothing may be reclaimed.\n-- data-lost: entries are invalid: what they map cannot be read.\n-- data-at-risk: clusters are in use more than once: who writes to one changes what the other reads.\n-- space: clusters are leaked, nothing else is known to be wrong.\n-- harmless: the leaks are what one write leaves that a crash cut short: a single run that ends the file, of at most 2 MiB\n--     of data (guests and qemu-img write no more at once; QEMU has one allocating write under way at a time). An L2 table\n--     may be among them if it is the very last thing, as QEMU allocates the table after the data, and if the image is\n--     dirty or has a backing file: one that was closed cleanly has its L1 entry. QEMU leaves overlays unmarked.\n--\n-- at_risk_bytes, lost_bytes: guest bytes that shared and invalid entries map. Where the evidence says "at least", numbers\n-- are lower bounds: the image was not checked to its end, or not all findings of a kind are listed.\nCREATE VIEW assessment AS\nWITH fact AS (\n    SELECT\n        damaged_image.image_id,\n        damaged_image.path,\n        damaged_image.host,\n        damaged_image.outcome,\n        damaged_image.dirty,\n        damaged_image.message,\n        damaged_image.leaks,\n        damaged_image.leaked_bytes,\n        damaged_image.corruptions,\n        damaged_image.table_size,\n        damaged_image.cluster_size,\n        damaged_image.disk_size,\n        damaged_image.allocated_clusters + damaged_image.zero_clusters AS entries,\n        damaged_image.dirty OR damaged_image.backing_file IS NOT NULL AS may_lack_l1_entry,\n        max(damaged_image.header_size, 1) + damaged_image.table_size AS fixed_clusters,\n        max(2097152 / damaged_image.cluster_size, 1) AS write_clusters,\n        damaged_image.file_size / damaged_image.cluster_size * damaged_image.cluster_size AS end_offset,\n        CAST(total((finding.kind = ''table-orphaned'') * (1 + finding.suppressed_count)) AS INTEGER) AS orphaned_tables,\n        max(CASE finding.kind WHEN ''table-orphaned'' THEN finding.file_offset END) AS orphan_offset,\n        total((finding.kind = ''cluster-leaked'') * (1 + finding.suppressed_count)) AS leak_runs,\n        min(CASE finding.kind WHEN ''cluster-leaked'' THEN finding.file_offset END) AS leak_offset,\n        CAST(total(is_shared * (finding.cluster_count + finding.suppressed_count)) AS INTEGER) AS shared_clusters,\n        CAST(total(is_shared * finding.guest_length) AS INTEGER) AS at_risk_bytes,\n        CAST(total(is_invalid * (finding.cluster_count + finding.suppressed_count)) AS INTEGER) AS invalid_entries,\n        CAST(total(is_invalid * finding.guest_length) AS INTEGER) AS lost_bytes,\n        iif(damaged_image.outcome = ''incomplete'', ''At least '', '''') AS about,\n        iif(damaged_image.outcome = ''incomplete'' OR total(is_shared * finding.suppressed_count) > 0, ''at least '', '''')\n            AS about_at_risk,\n        iif(damaged_image.outcome = ''incomplete'' OR total(is_invalid * finding.suppressed_count) > 0, ''at least '', '''')\n            AS about_lost\n    FROM damaged_image\n    LEFT JOIN (\n        SELECT\n            *,\n            kind IN (''l2-table-shared'', ''l2-table-overlaps'', ''data-cluster-shared'', ''data-cluster-in-metadata'')\n                AS is_shared,\n            kind IN (\n                ''l2-offset-unaligned'', ''l2-offset-in-header'', ''l2-offset-beyond-file'', ''l2-table-truncated'',\n                ''data-offset-unaligned'', ''data-offset-in-header'', ''data-offset-beyond-file'', ''data-cluster-truncated'')\n                AS is_invalid\n        FROM finding\n    ) AS finding ON finding.check_result_id = damaged_image.check_result_id\n    GROUP BY damaged_image.image_id\n),\nassessed AS (\n    SELECT\n        *,\n        CASE\n            WHEN outcome = ''invalid'' THEN ''unusable''\n            WHEN outcome = ''leaking'' AND leak_runs = 1 AND leak_offset + leaked_bytes = end_offset\n                AND leaks <= write_clusters + orphaned_tables * table_size\n                AND (\n                    orphaned_tables = 0\n                    OR orphaned_tables = 1 AND may_lack_l1_entry\n                    AND orphan_offset + table_size * cluster_size = end_offset)\n                THEN ''harmless''\n            WHEN orphaned_tables > 0 THEN ''tree-lost''\n            WHEN outcome = ''leaking'' AND entries = 0\n                AND disk_size > (fixed_clusters + write_clusters) * cluster_size THEN ''tree-lost''\n            WHEN invalid_entries > 0 THEN ''data-lost''\n            WHEN corruptions > 0 THEN ''data-at-risk''\n            ELSE ''space''\n        END AS assessment,\n        leaks || iif(leaks = 1, '' leaked cluster'', '' leaked clusters'') || '' ('' || leaked_bytes || '' bytes)'' AS leak_words\n    FROM fact\n)\nSELECT\n    image_id,\n    path,\n    host,\n    outcome,\n    dirty,\n    assessment,\n    CASE assessment\n        WHEN ''unusable'' THEN ''The header cannot be used'' || ifnull('': '' || message, '''') || ''.''\n        WHEN ''tree-lost'' THEN CASE orphaned_tables\n            WHEN 0 THEN ''The tables have no entry at all, and there are '' || leak_words || ''.''\n            WHEN 1 THEN ''No L1 entry refers to 1 L2 table among '' || leak_words || ''.''\n            ELSE ''No L1 entry refers to '' || orphaned_tables || '' L2 tables among '' || leak_words || ''.''\n        END\n        WHEN ''data-lost'' THEN\n            about || invalid_entries || iif(invalid_entries = 1, '' entry is'', '' entries are'') || '' invalid: ''\n            || about_lost || lost_bytes || '' guest bytes cannot be read.''\n        WHEN ''data-at-risk'' THEN\n            about || shared_clusters || iif(shared_clusters = 1, '' cluster is'', '' clusters are'')\n            || '' in use more than once: '' || about_at_risk || at_risk_bytes || '' guest bytes can be overwritten.''\n        WHEN ''space'' THEN ''No table is known to be among '' || leak_words || ''.''\n        ELSE ''A write that did not end left '' || leak_words || '' at the end of the file.''\n    END AS evidence,\n    leaks,\n    leaked_bytes,\n    corruptions,\n    iif(outcome = ''invalid'', NULL, at_risk_bytes) AS at_risk_bytes,\n    iif(outcome = ''invalid'', NULL, lost_bytes) AS lost_bytes,\n    iif(outcome = ''invalid'', NULL, orphaned_tables) AS orphaned_tables\nFROM assessed;\n','\n',char(10)),'2026-01-04 00:00:00.000');
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
INSERT INTO scan VALUES(4,'6f1c0a52-0000-4000-8000-000000000004','test','2026-01-04 03:17:00.000','2026-01-04 03:17:01.000','completed','["/pool"]','{"jobs":4}','0.1.0',9,7,5,4,1,1,0,0,0,1,0,1,0,4096);
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
, birth_ns INTEGER) STRICT;
INSERT INTO image VALUES(1,'test','/pool/clean.qed',NULL,64,101,1,4,NULL,1766000000000000001);
INSERT INTO image VALUES(2,'test','/pool/healed.qed',NULL,64,102,1,4,NULL,1766000000000000002);
INSERT INTO image VALUES(3,'test','/pool/hurt.qed',NULL,64,103,1,4,NULL,1766000000000000003);
INSERT INTO image VALUES(4,'test','/pool/gone.qed',NULL,64,104,1,4,NULL,NULL);
INSERT INTO image VALUES(5,'test','/pool/\xff.qed',X'2f706f6f6c2fff2e716564',64,105,1,2,4,NULL);
INSERT INTO image VALUES(6,'test','/pool/running.qed',NULL,64,106,1,4,NULL,1766000000000000006);
INSERT INTO image VALUES(7,'test','/pool/header.qed',NULL,64,-9223372036854775801,1,2,4,NULL);
INSERT INTO image VALUES(8,'test','/pool/overlay.qed',NULL,64,108,4,4,NULL,1767100000000000000);
INSERT INTO image VALUES(9,'test','/pool/moved.qed',NULL,64,105,4,4,NULL,1766000000000000005);
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
, repair_id INTEGER REFERENCES repair (id)) STRICT;
INSERT INTO check_result VALUES(1,1,1,'2026-01-01 03:17:02.000',1234,2,'clean',NULL,64,101,1310720,1767000000000000005,1767000000000000005,589824,0,65536,4,1,67108864,65536,0,0,0,NULL,NULL,0,0,0,1024,14,1,2,0,NULL);
INSERT INTO check_result VALUES(2,2,1,'2026-01-01 03:17:02.000',1234,2,'leaking',NULL,64,102,1310720,1767000000000000005,1767000000000000005,589824,0,65536,4,1,67108864,65536,0,0,0,NULL,NULL,3,0,0,1024,14,1,2,3,NULL);
INSERT INTO check_result VALUES(3,3,1,'2026-01-01 03:17:02.000',1234,2,'corrupt',NULL,64,103,1310720,1767000000000000005,1767000000000000005,589824,1,65536,4,1,67108864,65536,2,0,0,NULL,NULL,0,2,0,1024,14,1,2,0,NULL);
INSERT INTO check_result VALUES(4,4,1,'2026-01-01 03:17:02.000',1234,2,'clean',NULL,64,104,1310720,1767000000000000005,1767000000000000005,589824,0,65536,4,1,67108864,65536,0,0,0,NULL,NULL,0,0,0,1024,14,1,2,0,NULL);
INSERT INTO check_result VALUES(5,5,1,'2026-01-01 03:17:02.000',1234,2,'clean',NULL,64,105,1310720,1767000000000000005,1767000000000000005,589824,0,65536,4,1,67108864,65536,0,0,0,NULL,NULL,0,0,0,1024,14,1,2,0,NULL);
INSERT INTO check_result VALUES(6,6,1,'2026-01-01 03:17:02.000',1234,2,'in_use','a program holds a lock',64,106,1310720,1767000000000000005,1767000000000000005,589824,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO check_result VALUES(7,7,1,'2026-01-01 03:17:02.000',1234,2,'invalid','the header cannot be used',64,-9223372036854775801,1310720,1767000000000000005,1767000000000000005,589824,0,65536,4,1,67108864,65536,0,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO check_result VALUES(8,2,2,'2026-01-02 03:17:00.500',1234,2,'clean',NULL,64,102,1310720,1767000000000000005,1767000000000000005,589824,0,65536,4,1,67108864,65536,0,0,0,NULL,NULL,0,0,0,1024,14,1,2,0,NULL);
INSERT INTO check_result VALUES(9,3,2,'2026-01-02 09:00:00.900',1234,2,'clean',NULL,64,103,1310720,1767000000000000005,1767000000000000005,589824,0,65536,4,1,67108864,65536,0,0,0,NULL,NULL,0,0,0,1024,14,1,2,0,1);
INSERT INTO check_result VALUES(10,3,2,'2026-01-02 10:00:00.900',1234,2,'corrupt',NULL,64,103,1310720,1767000000000000005,1767000000000000005,589824,1,65536,4,1,67108864,65536,2,0,0,NULL,NULL,0,2,0,1024,14,1,2,0,2);
INSERT INTO check_result VALUES(11,8,4,'2026-01-04 03:17:00.500',1234,2,'leaking',NULL,64,108,1310720,1767000000000000005,1767000000000000005,589824,0,65536,4,1,67108864,65536,1,0,0,'clean.qed',0,2,0,0,1024,14,1,2,2,NULL);
INSERT INTO check_result VALUES(12,9,4,'2026-01-04 03:17:00.500',1234,2,'clean',NULL,64,105,1310720,1767000000000000005,1767000000000000005,589824,0,65536,4,1,67108864,65536,0,0,0,NULL,NULL,0,0,0,1024,14,1,2,0,NULL);
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
INSERT INTO finding_kind VALUES('table-orphaned','leak','leak','an L2 table that no L1 entry refers to',NULL);
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
INSERT INTO finding VALUES(10,1,'data-offset-beyond-file',0,1,1099511627776,131080,1,65536,65536,NULL,NULL,1);
INSERT INTO finding VALUES(11,1,'cluster-leaked',NULL,NULL,NULL,1179648,2,NULL,NULL,NULL,NULL,0);
INSERT INTO finding VALUES(11,2,'table-orphaned',0,NULL,1,1179648,0,0,2147483648,NULL,NULL,0);
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
CREATE TABLE repair_action (
    name TEXT PRIMARY KEY,
    summary TEXT NOT NULL,
    loss TEXT NOT NULL CHECK (loss IN ('nothing', 'mapping', 'leaked-bytes')),
    is_default INTEGER NOT NULL CHECK (is_default IN (0, 1))  -- done unless it is asked for by name
) STRICT, WITHOUT ROWID;
INSERT INTO repair_action VALUES('clear-dirty','clear the dirty bit','nothing',1);
INSERT INTO repair_action VALUES('clear-invalid','clear entries whose offset cannot be used','mapping',1);
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
INSERT INTO repair VALUES(1,3,NULL,'done',NULL,'test','0.1.0','["clear-invalid","clear-dirty"]',1,'2026-01-02 09:00:00.000','2026-01-02 09:00:01.000',3,9,64,103,1310720,1767000000000000005,1767000000000000005,X'00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000',X'0000000000000000000000000000000000000000000000000000000000000000',1310720,64,103,1767344401000000000,1767344401000000000,X'00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000',X'0000000000000000000000000000000000000000000000000000000000000000');
INSERT INTO repair VALUES(2,3,1,'done',NULL,'test','0.1.0','["clear-invalid","clear-dirty"]',1,'2026-01-02 10:00:00.000','2026-01-02 10:00:01.000',9,10,64,103,1310720,1767344401000000000,1767344401000000000,X'00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000',X'0000000000000000000000000000000000000000000000000000000000000000',1310720,64,103,1767348001000000000,1767348001000000000,X'00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000',X'0000000000000000000000000000000000000000000000000000000000000000');
INSERT INTO repair VALUES(3,1,NULL,'rolled_back','not begun: it is in use','test','0.1.0','["clear-dirty"]',1,'2026-01-02 11:00:00.000','2026-01-02 11:00:01.000',1,NULL,64,101,1310720,1767000000000000005,1767000000000000005,X'00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000',X'0000000000000000000000000000000000000000000000000000000000000000',1310720,NULL,NULL,NULL,NULL,NULL,NULL);
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
INSERT INTO repair_write VALUES(1,1,'pointer','clear-invalid','words',131080,16,NULL,X'00000000000100000000000000020000',X'00000000000000000000000000000000');
INSERT INTO repair_write VALUES(1,2,'header','clear-dirty','words',16,8,NULL,X'0200000000000000',X'0000000000000000');
INSERT INTO repair_write VALUES(3,1,'header','clear-dirty','words',16,8,NULL,X'0200000000000000',X'0000000000000000');
CREATE TABLE repair_effect (
    repair_id INTEGER NOT NULL REFERENCES repair (id) ON DELETE CASCADE,
    number INTEGER NOT NULL CHECK (number >= 1),
    kind TEXT NOT NULL CHECK (kind IN ('unallocated', 'zeroed', 'readable')),
    action TEXT NOT NULL REFERENCES repair_action (name),
    guest_offset INTEGER NOT NULL CHECK (guest_offset >= 0),
    guest_length INTEGER NOT NULL CHECK (guest_length >= 0),
    PRIMARY KEY (repair_id, number)
) STRICT, WITHOUT ROWID;
INSERT INTO repair_effect VALUES(1,1,'unallocated','clear-invalid',65536,65536);
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
INSERT INTO backing VALUES(8,'clean.qed',NULL,'file',0,67108864,108,1767100000000000000,'/pool/clean.qed',NULL,'found',NULL,'regular',64,101,1767000000000000005,1,67108864,1,4,4);
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
INSERT INTO scan_root VALUES(4,1,'/pool',NULL,64,2,'read',7);
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
INSERT INTO image_event VALUES(1,2,4,'vanished',NULL);
INSERT INTO image_event VALUES(2,4,5,'vanished',NULL);
INSERT INTO image_event VALUES(3,4,7,'vanished',NULL);
INSERT INTO image_event VALUES(4,4,4,'returned',NULL);
INSERT INTO image_event VALUES(5,4,9,'moved',5);
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
CREATE INDEX repair_by_image ON repair (image_id);
CREATE INDEX repair_by_undone ON repair (undoes_repair_id) WHERE undoes_repair_id IS NOT NULL;
CREATE UNIQUE INDEX repair_prepared ON repair (image_id) WHERE state = 'prepared';
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
LEFT JOIN check_result AS result_after ON result_after.id = repair.check_result_after_id
;
CREATE INDEX image_by_file ON image (device, inode);
CREATE INDEX image_by_first_scan ON image (first_scan_id);
CREATE INDEX scan_by_host ON scan (host);
CREATE INDEX backing_by_base_image ON backing (base_image_id) WHERE base_image_id IS NOT NULL;
CREATE INDEX backing_by_base_path ON backing (base_path);
CREATE INDEX scan_root_by_path ON scan_root (path);
CREATE INDEX image_event_by_scan ON image_event (scan_id);
CREATE INDEX image_event_by_image ON image_event (image_id);
CREATE INDEX image_event_by_other ON image_event (other_image_id) WHERE other_image_id IS NOT NULL;
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
CREATE VIEW backing_chain AS
WITH RECURSIVE chain (base_image_id, direct_image_id, image_id, depth) AS (
    SELECT base_image_id, image_id, image_id, 1 FROM backing WHERE kind = 'file'
    UNION ALL
    SELECT chain.base_image_id, chain.direct_image_id, backing.image_id, chain.depth + 1
    FROM chain JOIN backing ON backing.base_image_id = chain.image_id
    WHERE chain.image_id IS NOT chain.base_image_id AND chain.depth < 100
)
SELECT base_image_id, direct_image_id, image_id, depth FROM chain;
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
LEFT JOIN image AS base ON base.id = chain.base_image_id
;
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
WHERE above.depth > 8 AND NOT above.is_cycle
;
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
    AND (before_id IS NOT NULL OR is_damaged)
;
CREATE VIEW assessment AS
WITH fact AS (
    SELECT
        damaged_image.image_id,
        damaged_image.path,
        damaged_image.host,
        damaged_image.outcome,
        damaged_image.dirty,
        damaged_image.message,
        damaged_image.leaks,
        damaged_image.leaked_bytes,
        damaged_image.corruptions,
        damaged_image.table_size,
        damaged_image.cluster_size,
        damaged_image.disk_size,
        damaged_image.allocated_clusters + damaged_image.zero_clusters AS entries,
        damaged_image.dirty OR damaged_image.backing_file IS NOT NULL AS may_lack_l1_entry,
        max(damaged_image.header_size, 1) + damaged_image.table_size AS fixed_clusters,
        max(2097152 / damaged_image.cluster_size, 1) AS write_clusters,
        damaged_image.file_size / damaged_image.cluster_size * damaged_image.cluster_size AS end_offset,
        CAST(total((finding.kind = 'table-orphaned') * (1 + finding.suppressed_count)) AS INTEGER) AS orphaned_tables,
        max(CASE finding.kind WHEN 'table-orphaned' THEN finding.file_offset END) AS orphan_offset,
        total((finding.kind = 'cluster-leaked') * (1 + finding.suppressed_count)) AS leak_runs,
        min(CASE finding.kind WHEN 'cluster-leaked' THEN finding.file_offset END) AS leak_offset,
        CAST(total(is_shared * (finding.cluster_count + finding.suppressed_count)) AS INTEGER) AS shared_clusters,
        CAST(total(is_shared * finding.guest_length) AS INTEGER) AS at_risk_bytes,
        CAST(total(is_invalid * (finding.cluster_count + finding.suppressed_count)) AS INTEGER) AS invalid_entries,
        CAST(total(is_invalid * finding.guest_length) AS INTEGER) AS lost_bytes,
        iif(damaged_image.outcome = 'incomplete', 'At least ', '') AS about,
        iif(damaged_image.outcome = 'incomplete' OR total(is_shared * finding.suppressed_count) > 0, 'at least ', '')
            AS about_at_risk,
        iif(damaged_image.outcome = 'incomplete' OR total(is_invalid * finding.suppressed_count) > 0, 'at least ', '')
            AS about_lost
    FROM damaged_image
    LEFT JOIN (
        SELECT
            *,
            kind IN ('l2-table-shared', 'l2-table-overlaps', 'data-cluster-shared', 'data-cluster-in-metadata')
                AS is_shared,
            kind IN (
                'l2-offset-unaligned', 'l2-offset-in-header', 'l2-offset-beyond-file', 'l2-table-truncated',
                'data-offset-unaligned', 'data-offset-in-header', 'data-offset-beyond-file', 'data-cluster-truncated')
                AS is_invalid
        FROM finding
    ) AS finding ON finding.check_result_id = damaged_image.check_result_id
    GROUP BY damaged_image.image_id
),
assessed AS (
    SELECT
        *,
        CASE
            WHEN outcome = 'invalid' THEN 'unusable'
            WHEN outcome = 'leaking' AND leak_runs = 1 AND leak_offset + leaked_bytes = end_offset
                AND leaks <= write_clusters + orphaned_tables * table_size
                AND (
                    orphaned_tables = 0
                    OR orphaned_tables = 1 AND may_lack_l1_entry
                    AND orphan_offset + table_size * cluster_size = end_offset)
                THEN 'harmless'
            WHEN orphaned_tables > 0 THEN 'tree-lost'
            WHEN outcome = 'leaking' AND entries = 0
                AND disk_size > (fixed_clusters + write_clusters) * cluster_size THEN 'tree-lost'
            WHEN invalid_entries > 0 THEN 'data-lost'
            WHEN corruptions > 0 THEN 'data-at-risk'
            ELSE 'space'
        END AS assessment,
        leaks || iif(leaks = 1, ' leaked cluster', ' leaked clusters') || ' (' || leaked_bytes || ' bytes)' AS leak_words
    FROM fact
)
SELECT
    image_id,
    path,
    host,
    outcome,
    dirty,
    assessment,
    CASE assessment
        WHEN 'unusable' THEN 'The header cannot be used' || ifnull(': ' || message, '') || '.'
        WHEN 'tree-lost' THEN CASE orphaned_tables
            WHEN 0 THEN 'The tables have no entry at all, and there are ' || leak_words || '.'
            WHEN 1 THEN 'No L1 entry refers to 1 L2 table among ' || leak_words || '.'
            ELSE 'No L1 entry refers to ' || orphaned_tables || ' L2 tables among ' || leak_words || '.'
        END
        WHEN 'data-lost' THEN
            about || invalid_entries || iif(invalid_entries = 1, ' entry is', ' entries are') || ' invalid: '
            || about_lost || lost_bytes || ' guest bytes cannot be read.'
        WHEN 'data-at-risk' THEN
            about || shared_clusters || iif(shared_clusters = 1, ' cluster is', ' clusters are')
            || ' in use more than once: ' || about_at_risk || at_risk_bytes || ' guest bytes can be overwritten.'
        WHEN 'space' THEN 'No table is known to be among ' || leak_words || '.'
        ELSE 'A write that did not end left ' || leak_words || ' at the end of the file.'
    END AS evidence,
    leaks,
    leaked_bytes,
    corruptions,
    iif(outcome = 'invalid', NULL, at_risk_bytes) AS at_risk_bytes,
    iif(outcome = 'invalid', NULL, lost_bytes) AS lost_bytes,
    iif(outcome = 'invalid', NULL, orphaned_tables) AS orphaned_tables
FROM assessed;
COMMIT;
