import SQLite

/// The tables of an input, attached as `input`, merged into those of the store, each by a few statements.
///
/// What a row's ID is here is kept in temporary tables, for this input alone: `merge_scan` (by `ScanMerge`), `merge_image`,
/// `merge_result` and `merge_repair` (only new rows). The rest of a table's columns is copied as it is, whichever there are.
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

    /// The kinds and actions that rows refer to; those of this program are there already.
    func mergeNames() throws(SQLiteError) {
        for table in ["finding_kind", "repair_action"] {
            let columns = try list(columns(of: table))
            try database.execute(
                "INSERT OR IGNORE INTO main.\(table) (\(columns)) SELECT \(columns) FROM input.\(table)")
        }
    }

    /// Adds the images that are new.
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

    /// Adds the results that are new, in the order of their IDs there.
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
        // The repairs come later: they refer to results themselves.
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

    /// Keeps the results of each image in the order of their scans: those of a store that comes late may be earlier.
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
                -- They are in order if no two neighbours are not.
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

    // MARK: - Columns

    /// The names of a table's columns.
    func columns(of table: String, but others: [String] = []) throws(SQLiteError) -> [String] {
        let statement = try database.prepare("SELECT name FROM pragma_table_info(?, 'main')")
        try statement.bind(table)
        var columns: [String] = []
        while try statement.step() { columns.append(try statement.column(0)) }
        return columns.filter { !others.contains($0) }
    }

    func list(_ columns: [String], of table: String? = nil) -> String {
        columns.map { column in (table.map { "\($0)." } ?? "") + "\"\(column)\"" }.joined(separator: ", ")
    }

    func lastID(of table: String) throws(SQLiteError) -> Int64 {
        Int64(sqliteValue: try database.scalar("SELECT max(id) FROM main.\(table)")) ?? 0
    }
}
