import SQLite

/// What a scan notes of images that are as they were.
extension ScanStore {
    /// Notes a scan as the last that saw some images, in a transaction of its own.
    ///
    /// `missing_since_scan_id` is left to the end of the scan: its triggers cost more than the row.
    func noteSeen(_ images: ImageSet, scanID: Int64) throws(SQLiteError) {
        // SQLite would look for the same scan for each image, which takes as long as all the rest. Here once is enough.
        try database.execute("PRAGMA foreign_keys = OFF")
        let result = noteSeenUnchecked(images, scanID: scanID)
        try database.execute("PRAGMA foreign_keys = ON")
        try result.get()
    }

    private func noteSeenUnchecked(_ images: ImageSet, scanID: Int64) -> Result<Void, SQLiteError> {
        do throws(SQLiteError) {
            try database.transaction(.immediate) { () throws(SQLiteError) in
                let update = try database.prepare(
                    """
                    UPDATE image SET last_scan_id = ?1
                    WHERE id BETWEEN ?2 AND ?3 AND EXISTS (SELECT 1 FROM scan WHERE id = ?1)
                    """)
                for run in images.runs { try update.run(scanID, run.lowerBound, run.upperBound) }
            }
            return .success(())
        } catch {
            return .failure(error)
        }
    }
}
