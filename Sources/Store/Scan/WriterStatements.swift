import Files
import SQLite
import ScanModel

/// The statements that the writer runs over and over.
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

/// Writes the rows of one record, in the open transaction.
extension WriterStatements {
    /// Writes the result for an image; returns the image's row ID.
    func insert(
        _ record: CheckedImage, _ row: CheckResultRow, path: (text: String, bytes: [UInt8]?), scanID: Int64,
        _ totals: inout ScanTotals
    ) throws(SQLiteError) -> Int64 {
        let (imageID, isNew) = try images.write(path, record.status.identity, birthTime: record.birthTime)
        totals.add(record.outcome, isDirty: record.report?.isDirty ?? false)
        totals.leaks = WriterStatements.sum(totals.leaks, record.report?.leaks ?? 0)
        totals.corruptions = WriterStatements.sum(totals.corruptions, record.report?.corruptions ?? 0)
        // The failed reads within the image.
        for error in record.report?.errors ?? [] {
            try insertPathError.run(
                scanID, path.text, path.bytes, error.error.operation, error.error.code, error.description)
            totals.pathErrors += 1
        }
        try backing.write(record.backing, imageID: imageID, isNew: isNew, scanID: scanID)
        if !isNew, try isRepeated(row, imageID: imageID) { return imageID }
        _ = try results.insert(row, imageID: imageID, findings: record.report?.findings ?? [])
        return imageID
    }

    func insert(_ record: PathError, scanID: Int64, _ totals: inout ScanTotals) throws(SQLiteError) {
        let path = record.path.columns
        try insertPathError.run(scanID, path.text, path.bytes, record.operation, record.code, record.message)
        totals.pathErrors += 1
    }

    /// A saturating sum: a file of holes can have 2^51 leaked clusters.
    private static func sum(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let (sum, overflow) = left.addingReportingOverflow(right)
        return overflow ? .max : sum
    }

    /// Whether an inconclusive result only repeats the last one. Otherwise an image that is in use every night would
    /// add a row every night.
    private func isRepeated(_ row: CheckResultRow, imageID: Int64) throws(SQLiteError) -> Bool {
        guard !row.outcome.isConclusive else { return false }
        try lastResult.bind(imageID)
        guard try lastResult.step() else { return false }
        defer { lastResult.reset() }
        return row.repeats(try lastResult.row())
    }
}

/// Keeps the row of `scan_progress` of a running scan up to date.
struct ProgressWriter {
    private let upsert: Statement
    private let object: Statement

    init(_ database: Database) throws(SQLiteError) {
        upsert = try database.prepare(
            """
            INSERT OR REPLACE INTO scan_progress (
                scan_id, updated_at, process_id, files, images, reused, problems, bytes_read, expected_images,
                current_images)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """)
        object = try database.prepare("SELECT json_object('path', ?, 'since', ?)")
    }

    /// Writes the row in a separate transaction.
    func write(_ record: ScanProgress, scanID: Int64) throws(SQLiteError) {
        try upsert.run(
            scanID, Timestamp.now(), Int(record.processID), record.files, record.images, record.reused,
            record.problems, Int64(clamping: record.bytesRead), record.expectedImages,
            try currentImages(record))
    }

    private func currentImages(_ record: ScanProgress) throws(SQLiteError) -> String {
        var objects: [String] = []
        for image in record.currentImages {
            try object.bind(image.path.text, Timestamp.text(nanoseconds: image.since))
            if try object.step() { objects.append(try object.column(0)) }
        }
        object.reset()
        return JSONText.array(objects)
    }
}
