import SQLite

/// Merges the repairs of an input. Fills `temp.merge_repair`.
struct RepairMerge {
    let tables: MergeTables
    private var database: Database { tables.database }

    /// Adds the repairs that have ended, without their journals. The bytes that undo them stay with the host that can
    /// use them.
    ///
    /// - Returns: the number of new repairs.
    func run() throws(SQLiteError) -> Int {
        let last = try tables.lastID(of: "repair")
        try database.prepare(
            """
            INSERT INTO temp.merge_repair (input_id, id)
            SELECT theirs.id, ? + row_number() OVER (ORDER BY theirs.id)
            FROM input.repair AS theirs JOIN temp.merge_image AS image ON image.input_id = theirs.image_id
            WHERE theirs.state <> 'prepared' AND NOT EXISTS (
                SELECT 1 FROM main.repair AS ours
                WHERE ours.image_id = image.id AND \(RepairMerge.isSameRepair))
            """
        ).run(last)
        let mapped = [
            "id", "image_id", "source_id", "is_undoable", "undoes_repair_id", "check_result_before_id",
            "check_result_after_id",
        ]
        let columns = try tables.columns(of: "repair", but: mapped)
        try database.execute(
            """
            INSERT INTO main.repair (\(tables.list(mapped)), \(tables.list(columns)))
            SELECT
                merged.id, image.id, ifnull(theirs.source_id, theirs.id), 0, \(RepairMerge.undoneRepair),
                \(RepairMerge.result("check_result_before_id")), \(RepairMerge.result("check_result_after_id")),
                \(tables.list(columns, of: "theirs"))
            FROM temp.merge_repair AS merged
            CROSS JOIN input.repair AS theirs ON theirs.id = merged.input_id
            JOIN temp.merge_image AS image ON image.input_id = theirs.image_id
            ORDER BY merged.id
            """)
        let count = Int(database.changes)
        let effects = try tables.columns(of: "repair_effect", but: ["repair_id"])
        try database.execute(
            """
            INSERT INTO main.repair_effect (repair_id, \(tables.list(effects)))
            SELECT merged.id, \(tables.list(effects, of: "theirs"))
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

    /// SQL: the repair that an undo undoes, merged now or before.
    private static let undoneRepair = """
        ifnull(
            (SELECT id FROM temp.merge_repair WHERE input_id = theirs.undoes_repair_id),
            (
                SELECT ours.id FROM input.repair AS undone JOIN main.repair AS ours ON ours.image_id = image.id
                WHERE undone.id = theirs.undoes_repair_id AND ours.started_at = undone.started_at
                    AND ours.host = undone.host AND ours.source_id = ifnull(undone.source_id, undone.id)
            ))
        """

    /// SQL: the result that a column of a repair refers to. Results are merged before repairs.
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
}
