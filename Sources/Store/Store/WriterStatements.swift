import SQLite

/// The statements that a writer runs again and again.
struct WriterStatements {
    let images: ImageRowWriter
    let lastResult: Statement
    let results: CheckResultInserter
    let insertPathError: Statement
    let repeatPathErrors: Statement
    let progress: ProgressWriter
    let backing: BackingWriter

    init(_ database: Database, host: String, scanID: Int64) throws(SQLiteError) {
        images = try ImageRowWriter(database, host: host, scanID: scanID)
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
