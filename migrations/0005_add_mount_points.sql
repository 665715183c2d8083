-- Mount points below the roots of scans.

-- The directories below its roots where a scan went from one file system into another. If one of them is an ordinary
-- directory at a later scan, its file system is not mounted, and the images that the scan saw there last are not missing.
CREATE TABLE scan_mount (
    scan_id INTEGER NOT NULL REFERENCES scan (id) ON DELETE CASCADE,
    path TEXT NOT NULL,
    path_bytes BLOB
) STRICT;

CREATE INDEX scan_mount_by_scan ON scan_mount (scan_id);
