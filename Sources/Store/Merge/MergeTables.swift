import SQLite

/// Merges the tables of an input, attached as `input`, into those of the store, each with a few statements.
///
/// Temporary tables map the input's row IDs to the store's: `merge_scan` (filled by `ScanMerge`), `merge_image`,
/// `merge_result`, and `merge_repair` (by `RepairMerge`). The last two have only new rows. All other columns of a table
/// are copied as they are.
struct MergeTables {
    /// The name under which the input is attached.
    static let input = "input"

    let database: Database

    init(_ database: Database) throws(SQLiteError) {
        self.database = database
        try database.execute(
            """
            CREATE TEMP TABLE merge_scan (input_id INTEGER PRIMARY KEY, id INTEGER NOT NULL, is_new INTEGER NOT NULL);
            CREATE TEMP TABLE merge_image (input_id INTEGER PRIMARY KEY, id INTEGER NOT NULL, is_new INTEGER NOT NULL);
            CREATE TEMP TABLE merge_result (input_id INTEGER PRIMARY KEY, id INTEGER NOT NULL);
            CREATE TEMP TABLE merge_repair (input_id INTEGER PRIMARY KEY, id INTEGER NOT NULL);
            CREATE TEMP TABLE merge_part (input_id INTEGER PRIMARY KEY, id INTEGER NOT NULL);
            CREATE TEMP TABLE merge_order (id INTEGER PRIMARY KEY, new_id INTEGER NOT NULL);
            """)
    }

    func clear() throws(StoreError) {
        try StoreError.wrap { () throws(SQLiteError) in
            for table in ["scan", "image", "result", "repair", "part", "order"] {
                try database.execute("DELETE FROM temp.merge_\(table)")
            }
        }
    }

    /// Adds the finding kinds and repair actions that this program does not have.
    func mergeNames() throws(SQLiteError) {
        for table in ["finding_kind", "repair_action"] {
            let columns = try list(columns(of: table))
            try database.execute(
                "INSERT OR IGNORE INTO main.\(table) (\(columns)) SELECT \(columns) FROM input.\(table)")
        }
    }

    /// Adds the images that are new.
    ///
    /// - Returns: their number.
    func mergeImages() throws(SQLiteError) -> Int {
        let last = try lastID(of: "image")
        try database.prepare(
            """
            INSERT INTO temp.merge_image (input_id, id, is_new)
            SELECT input_id, ifnull(id, ? + sum(id IS NULL) OVER (ORDER BY input_id ROWS UNBOUNDED PRECEDING)), id IS NULL
            FROM (
                SELECT theirs.id AS input_id, ours.id AS id
                FROM input.image AS theirs LEFT JOIN main.image AS ours
                    ON ours.host = theirs.host AND ours.path = theirs.path
                        AND ifnull(ours.path_bytes, x'') = ifnull(theirs.path_bytes, x'')
            )
            """
        ).run(last)
        let scans = ["first_scan_id", "last_scan_id", "missing_since_scan_id"]
        let columns = try columns(of: "image", but: ["id"] + scans)
        try database.execute(
            """
            INSERT INTO main.image (id, \(list(scans)), \(list(columns)))
            SELECT ours.id, first.id, last.id, missing.id, \(list(columns, of: "theirs"))
            FROM temp.merge_image AS ours
            CROSS JOIN input.image AS theirs ON theirs.id = ours.input_id
            JOIN temp.merge_scan AS first ON first.input_id = theirs.first_scan_id
            JOIN temp.merge_scan AS last ON last.input_id = theirs.last_scan_id
            LEFT JOIN temp.merge_scan AS missing ON missing.input_id = theirs.missing_since_scan_id
            WHERE ours.is_new
            """)
        return Int(database.changes)
    }

    /// Adds the results that are new, in the order of their IDs in the input.
    ///
    /// - Returns: their number.
    func mergeResults() throws(SQLiteError) -> Int {
        let last = try lastID(of: "check_result")
        try database.prepare(
            """
            INSERT INTO temp.merge_result (input_id, id)
            SELECT theirs.id, ? + row_number() OVER (ORDER BY theirs.id)
            FROM input.check_result AS theirs JOIN temp.merge_scan AS scan ON scan.input_id = theirs.scan_id
            WHERE scan.is_new OR NOT EXISTS (
                SELECT 1 FROM main.check_result AS ours
                WHERE ours.scan_id = scan.id AND ours.source_id = ifnull(theirs.source_id, theirs.id))
            """
        ).run(last)
        // `repair_id` is filled in after the repairs, which refer to results themselves.
        let columns = try columns(of: "check_result", but: ["id", "image_id", "scan_id", "source_id", "repair_id"])
        try database.execute(
            """
            INSERT INTO main.check_result (id, image_id, scan_id, source_id, \(list(columns)))
            SELECT ours.id, image.id, scan.id, ifnull(theirs.source_id, theirs.id), \(list(columns, of: "theirs"))
            FROM temp.merge_result AS ours
            CROSS JOIN input.check_result AS theirs ON theirs.id = ours.input_id
            JOIN temp.merge_image AS image ON image.input_id = theirs.image_id
            JOIN temp.merge_scan AS scan ON scan.input_id = theirs.scan_id
            """)
        return Int(database.changes)
    }

    func mergeFindings() throws(SQLiteError) -> Int {
        let columns = try columns(of: "finding", but: ["check_result_id"])
        try database.execute(
            """
            INSERT INTO main.finding (check_result_id, \(list(columns)))
            SELECT ours.id, \(list(columns, of: "theirs"))
            FROM temp.merge_result AS ours CROSS JOIN input.finding AS theirs ON theirs.check_result_id = ours.input_id
            """)
        return Int(database.changes)
    }

    /// Puts the results of each image into the order of their scans: a store that is merged later may hold earlier
    /// ones.
    func orderResults() throws(SQLiteError) {
        try database.execute(
            """
            INSERT INTO temp.merge_order (id, new_id)
            SELECT id, (SELECT max(id) FROM main.check_result) + row_number() OVER (ORDER BY image_id, scan_id, id)
            FROM main.check_result
            WHERE image_id IN (
                SELECT added.image_id
                FROM temp.merge_image AS image
                CROSS JOIN input.check_result AS theirs ON theirs.image_id = image.input_id
                JOIN temp.merge_result AS result ON result.input_id = theirs.id
                JOIN main.check_result AS added ON added.id = result.id
                -- The results are in order if every two neighbours are.
                WHERE NOT image.is_new AND (
                    SELECT earlier.scan_id FROM main.check_result AS earlier
                    WHERE earlier.image_id = added.image_id AND earlier.id < added.id
                    ORDER BY earlier.id DESC LIMIT 1) > added.scan_id)
            """)
        for (table, column) in [
            ("finding", "check_result_id"), ("repair", "check_result_before_id"), ("repair", "check_result_after_id"),
            ("check_result", "id"),
        ] {
            try database.execute(
                """
                UPDATE main.\(table) SET \(column) = moved.new_id
                FROM temp.merge_order AS moved WHERE moved.id = \(table).\(column)
                """)
        }
    }

    /// Merges the rows that belong to scans in other tables. A scan may have gone on since it was merged last: if the
    /// input has more rows of it, they replace the old ones.
    func mergeParts() throws(SQLiteError) {
        try mergePart("path_error", key: ["id"])
        try mergePart("scan_root")
        try mergePart("scan_mount")
        try mergePart("image_event", key: ["id"], images: ["image_id", "other_image_id"])
    }

    /// - Parameters:
    ///   - key: columns that get new values.
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

    /// Merges the backing file of each image that the input saw last; if both saw it in the same scan, of the one that
    /// has the later row.
    func mergeBackings() throws(SQLiteError) {
        let images = ["image_id", "base_image_id"]
        let scans = ["base_changed_scan_id", "scan_id"]
        let columns = try columns(of: "backing", but: images + scans)
        // Here the table holds images.
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

    /// Updates the known images with what the later scan saw. An image is missing only if a scan says so that is later
    /// than the last one that saw it.
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

    /// SQL: a column of the latest result of an image, which may be a repair's, after the last scan.
    private static func latest(_ column: String) -> String {
        """
        ifnull(
            (
                SELECT r.\(column) FROM main.check_result AS r WHERE r.image_id = image.id
                ORDER BY r.scan_id DESC, r.source_id DESC LIMIT 1
            ), image.\(column))
        """
    }

    /// Links backing files to images that came from another input.
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

    // MARK: - Columns

    /// The names of a table's columns.
    func columns(of table: String, but others: [String] = []) throws(SQLiteError) -> [String] {
        try database.rows("SELECT name FROM pragma_table_info(?, 'main')", [table]) {
            row throws(SQLiteError) -> String in
            try row.column(0)
        }.filter { !others.contains($0) }
    }

    func list(_ columns: [String], of table: String? = nil) -> String {
        columns.map { column in (table.map { "\($0)." } ?? "") + "\"\(column)\"" }.joined(separator: ", ")
    }

    func lastID(of table: String) throws(SQLiteError) -> Int64 {
        Int64(sqliteValue: try database.scalar("SELECT max(id) FROM main.\(table)")) ?? 0
    }
}
