import SQLite

/// What belongs to a scan or an image as a whole.
extension MergeTables {
    /// What a scan has in other tables. It may have grown since it was merged: more of it takes the place of less.
    func mergeParts() throws(SQLiteError) {
        try mergePart("path_error", key: ["id"])
        try mergePart("scan_root")
        try mergePart("scan_mount")
        try mergePart("image_event", key: ["id"], images: ["image_id", "other_image_id"])
    }

    /// - Parameters:
    ///   - key: columns that are made anew.
    ///   - images: columns that refer to images.
    private func mergePart(_ table: String, key: [String] = [], images: [String] = []) throws(SQLiteError) {
        try database.execute(
            """
            DELETE FROM temp.merge_part;
            INSERT INTO temp.merge_part (input_id, id)
            SELECT input_id, id FROM temp.merge_scan
            WHERE is_new OR (SELECT count(*) FROM input.\(table) WHERE scan_id = input_id)
                > (SELECT count(*) FROM main.\(table) WHERE scan_id = merge_scan.id);
            DELETE FROM main.\(table) WHERE scan_id IN (SELECT id FROM temp.merge_part);
            """)
        let columns = try columns(of: table, but: ["scan_id"] + key + images)
        let targets = ["scan_id"] + images + columns
        let sources =
            ["part.id"] + images.map { "(SELECT id FROM temp.merge_image WHERE input_id = theirs.\($0))" }
            + [list(columns, of: "theirs")]
        try database.execute(
            """
            INSERT INTO main.\(table) (\(list(targets)))
            SELECT \(sources.filter { !$0.isEmpty }.joined(separator: ", "))
            FROM temp.merge_part AS part CROSS JOIN input.\(table) AS theirs ON theirs.scan_id = part.input_id
            ORDER BY theirs.rowid
            """)
    }

    /// The backing file of each image that the input has seen last, or written last.
    func mergeBackings() throws(SQLiteError) {
        let images = ["image_id", "base_image_id"]
        let scans = ["base_changed_scan_id", "scan_id"]
        let columns = try columns(of: "backing", but: images + scans)
        // A part of images here.
        try database.execute(
            """
            DELETE FROM temp.merge_part;
            INSERT INTO temp.merge_part (input_id, id)
            SELECT image.input_id, image.id
            FROM temp.merge_image AS image
            CROSS JOIN input.image AS theirs ON theirs.id = image.input_id
            JOIN temp.merge_scan AS last ON last.input_id = theirs.last_scan_id
            LEFT JOIN main.image AS ours ON ours.id = image.id
            WHERE image.is_new OR last.id > ours.last_scan_id
                OR last.id = ours.last_scan_id
                    AND ifnull((SELECT scan_id FROM main.backing WHERE image_id = ours.id), 0) < ifnull(
                        (
                            SELECT scan.id FROM input.backing JOIN temp.merge_scan AS scan ON scan.input_id = scan_id
                            WHERE image_id = theirs.id
                        ), 0);
            DELETE FROM main.backing WHERE image_id IN (SELECT id FROM temp.merge_part);
            INSERT INTO main.backing (\(list(images + scans + columns)))
            SELECT part.id, base.id, changed.id, scan.id, \(list(columns, of: "theirs"))
            FROM temp.merge_part AS part
            CROSS JOIN input.backing AS theirs ON theirs.image_id = part.input_id
            JOIN temp.merge_scan AS scan ON scan.input_id = theirs.scan_id
            LEFT JOIN temp.merge_image AS base ON base.input_id = theirs.base_image_id
            LEFT JOIN temp.merge_scan AS changed ON changed.input_id = theirs.base_changed_scan_id;
            """)
    }

    /// Brings the images that were there up to date: who saw them last knows best. What was missing and has been seen since
    /// is missing only if a later scan says so.
    func updateImages() throws(SQLiteError) {
        try database.execute(
            """
            UPDATE main.image SET
                first_scan_id = min(first_scan_id, theirs.first_id),
                last_scan_id = max(last_scan_id, theirs.last_id),
                device = CASE
                    WHEN theirs.last_id > last_scan_id THEN theirs.device
                    WHEN theirs.last_id = last_scan_id THEN \(MergeTables.latest("device")) ELSE image.device END,
                inode = CASE
                    WHEN theirs.last_id > last_scan_id THEN theirs.inode
                    WHEN theirs.last_id = last_scan_id THEN \(MergeTables.latest("inode")) ELSE image.inode END,
                birth_ns = iif(theirs.last_id > last_scan_id, theirs.birth_ns, image.birth_ns),
                missing_since_scan_id = (
                    SELECT min(scan_id) FROM (
                        SELECT missing_since_scan_id AS scan_id
                        UNION ALL SELECT theirs.missing_id
                        UNION ALL SELECT scan_id FROM main.image_event
                        WHERE image_id = image.id AND event = 'vanished'
                    )
                    WHERE scan_id > max(image.last_scan_id, theirs.last_id))
            FROM (
                SELECT ours.id AS id, first.id AS first_id, last.id AS last_id, missing.id AS missing_id, device, inode, birth_ns
                FROM temp.merge_image AS ours
                CROSS JOIN input.image AS image ON image.id = ours.input_id
                JOIN temp.merge_scan AS first ON first.input_id = image.first_scan_id
                JOIN temp.merge_scan AS last ON last.input_id = image.last_scan_id
                LEFT JOIN temp.merge_scan AS missing ON missing.input_id = image.missing_since_scan_id
                WHERE NOT ours.is_new
            ) AS theirs
            WHERE theirs.id = image.id AND (
                theirs.first_id < first_scan_id OR theirs.last_id > last_scan_id
                OR theirs.last_id = last_scan_id AND (theirs.device, theirs.inode) IS NOT (image.device, image.inode)
                OR ifnull(theirs.missing_id > last_scan_id
                    AND theirs.missing_id < ifnull(missing_since_scan_id, 9223372036854775807), 0))
            """)
    }

    /// What the latest result of an image says: after the last scan a repair may have given one.
    private static func latest(_ column: String) -> String {
        """
        ifnull(
            (
                SELECT r.\(column) FROM main.check_result AS r WHERE r.image_id = image.id
                ORDER BY r.scan_id DESC, r.source_id DESC LIMIT 1
            ), image.\(column))
        """
    }

    /// Adds the repairs that have ended, without their journals: what takes them back, bytes of images, stays with the host
    /// that can use it.
    func mergeRepairs() throws(SQLiteError) -> Int {
        let last = try lastID(of: "repair")
        try database.prepare(
            """
            INSERT INTO temp.merge_repair (input_id, id)
            SELECT theirs.id, ? + row_number() OVER (ORDER BY theirs.id)
            FROM input.repair AS theirs JOIN temp.merge_image AS image ON image.input_id = theirs.image_id
            WHERE theirs.state <> 'prepared' AND NOT EXISTS (
                SELECT 1 FROM main.repair AS ours
                WHERE ours.image_id = image.id AND \(MergeTables.isSameRepair))
            """
        ).run(last)
        let mapped = [
            "id", "image_id", "source_id", "is_undoable", "undoes_repair_id", "check_result_before_id",
            "check_result_after_id",
        ]
        let columns = try columns(of: "repair", but: mapped)
        try database.execute(
            """
            INSERT INTO main.repair (\(list(mapped)), \(list(columns)))
            SELECT
                merged.id, image.id, ifnull(theirs.source_id, theirs.id), 0, \(MergeTables.undoneRepair),
                \(MergeTables.result("check_result_before_id")), \(MergeTables.result("check_result_after_id")),
                \(list(columns, of: "theirs"))
            FROM temp.merge_repair AS merged
            CROSS JOIN input.repair AS theirs ON theirs.id = merged.input_id
            JOIN temp.merge_image AS image ON image.input_id = theirs.image_id
            ORDER BY merged.id
            """)
        let count = Int(database.changes)
        let effects = try self.columns(of: "repair_effect", but: ["repair_id"])
        try database.execute(
            """
            INSERT INTO main.repair_effect (repair_id, \(list(effects)))
            SELECT merged.id, \(list(effects, of: "theirs"))
            FROM temp.merge_repair AS merged CROSS JOIN input.repair_effect AS theirs ON theirs.repair_id = merged.input_id;
            UPDATE main.check_result SET repair_id = merged.id
            FROM temp.merge_result AS result
            CROSS JOIN input.check_result AS theirs ON theirs.id = result.input_id
            JOIN temp.merge_repair AS merged ON merged.input_id = theirs.repair_id
            WHERE check_result.id = result.id AND theirs.repair_id IS NOT NULL;
            """)
        return count
    }

    private static let isSameRepair = """
        ours.started_at = theirs.started_at AND ours.host = theirs.host
            AND ours.source_id = ifnull(theirs.source_id, theirs.id)
        """

    /// The repair that an undo undoes: one that came with it, or before.
    private static let undoneRepair = """
        ifnull(
            (SELECT id FROM temp.merge_repair WHERE input_id = theirs.undoes_repair_id),
            (
                SELECT ours.id FROM input.repair AS undone JOIN main.repair AS ours ON ours.image_id = image.id
                WHERE undone.id = theirs.undoes_repair_id AND ours.started_at = undone.started_at
                    AND ours.host = undone.host AND ours.source_id = ifnull(undone.source_id, undone.id)
            ))
        """

    /// The result that a column of a repair refers to: by now it is here.
    private static func result(_ column: String) -> String {
        """
        (
            SELECT ours.id
            FROM input.check_result AS result
            JOIN temp.merge_scan AS scan ON scan.input_id = result.scan_id
            JOIN main.check_result AS ours
                ON ours.scan_id = scan.id AND ours.source_id = ifnull(result.source_id, result.id)
            WHERE result.id = theirs.\(column)
        )
        """
    }

    /// Finds the images that backing files are and that came from another input: of the same host or pool, or of one that
    /// the machine which scanned the overlay scans too.
    func linkBackingFiles() throws(SQLiteError) {
        try database.execute(
            """
            WITH \(BackingImage.owner)
            UPDATE main.backing SET base_image_id = found.base_image_id
            FROM (
                SELECT backing.image_id, \(BackingImage.base) AS base_image_id
                FROM main.backing
                CROSS JOIN main.image ON image.id = backing.image_id
                JOIN main.scan AS seen ON seen.id = image.last_scan_id
                WHERE kind = 'file'
            ) AS found
            WHERE found.image_id = backing.image_id AND found.base_image_id IS NOT backing.base_image_id
                AND found.base_image_id IS NOT NULL
            """)
    }
}
