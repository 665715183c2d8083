/// The statements that a writer runs again and again.
struct WriterStatements {
    let upsertImage: Statement
    let touchImage: Statement
    let lastResult: Statement
    let results: CheckResultInserter
    let insertPathError: Statement
    let repeatPathErrors: Statement
    let progress: ProgressWriter
    let backing: BackingWriter

    init(_ database: Database) throws(SQLiteError) {
        upsertImage = try database.prepare(
            """
            INSERT INTO image (host, path, path_bytes, device, inode, birth_ns, first_scan_id, last_scan_id)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)
            ON CONFLICT (host, path, ifnull(path_bytes, x'')) DO UPDATE SET
                device = excluded.device, inode = excluded.inode, birth_ns = excluded.birth_ns,
                last_scan_id = excluded.last_scan_id, missing_since_scan_id = NULL
            RETURNING id
            """)
        // The column of missing images is left to the end of the scan: its triggers cost more than the row.
        touchImage = try database.prepare("UPDATE image SET last_scan_id = ? WHERE id = ?")
        lastResult = try database.prepare(
            """
            SELECT \(CheckResultRow.comparedColumns.joined(separator: ", "))
            FROM check_result WHERE image_id = ? ORDER BY id DESC LIMIT 1
            """)
        results = try CheckResultInserter(database)
        backing = try BackingWriter(database)
        progress = try ProgressWriter(database)
        repeatPathErrors = try database.prepare(
            """
            INSERT INTO path_error (scan_id, path, path_bytes, operation, errno, message)
            SELECT ?1, path_error.path, path_error.path_bytes, operation, errno, message
            FROM image JOIN path_error
                ON path_error.path = image.path AND path_error.path_bytes IS image.path_bytes
            WHERE image.id = ?2 AND scan_id = (
                SELECT max(scan_id) FROM path_error
                WHERE scan_id IN (SELECT value FROM json_each(?3)) AND path = image.path
                    AND path_bytes IS image.path_bytes)
            """)
        insertPathError = try database.prepare(
            """
            INSERT INTO path_error (scan_id, path, path_bytes, operation, errno, message) VALUES (?, ?, ?, ?, ?, ?)
            """)
    }
}
