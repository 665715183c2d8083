-- Scans that take more than one run, and how far a running one is.

-- The scan that this one goes on from: the one before it with the same host, roots and options, which did not come to its
-- end. NULL for a scan that begins anew. What was checked since the first of such a chain began is not checked again.
ALTER TABLE scan ADD COLUMN continues_scan_id INTEGER REFERENCES scan (id) CHECK (continues_scan_id < id);

-- How far a scan is that runs now, brought up to date about every second and gone at its end; a scan of less than a second
-- has none. The row of a scan that was killed stays until the next command that writes.
CREATE TABLE scan_progress (
    scan_id INTEGER PRIMARY KEY REFERENCES scan (id) ON DELETE CASCADE,
    updated_at TEXT NOT NULL,
    process_id INTEGER NOT NULL,
    files INTEGER NOT NULL CHECK (files >= 0),          -- looked at, images or not
    images INTEGER NOT NULL CHECK (images >= 0),        -- done, with reused results
    reused INTEGER NOT NULL CHECK (reused >= 0),
    problems INTEGER NOT NULL CHECK (problems >= 0),    -- images that are not clean, and paths that could not be read
    bytes_read INTEGER NOT NULL CHECK (bytes_read >= 0),
    expected_images INTEGER CHECK (expected_images >= 0),  -- below the roots, by earlier scans; NULL if not known
    current_images TEXT NOT NULL                        -- JSON array of {"path", "since"}, those under way longest first
) STRICT;
