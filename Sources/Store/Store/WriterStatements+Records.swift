import SQLite

/// The rows of one record, in the open transaction.
extension WriterStatements {
    /// Writes the result for an image; returns the image's row ID.
    func insert(
        _ record: CheckRecord, _ row: CheckResultRow, path: (text: String, bytes: [UInt8]?), scanID: Int64,
        _ totals: inout ScanTotals
    ) throws(SQLiteError) -> Int64 {
        let (imageID, isNew) = try images.write(path, record.status.identity, birthTime: record.birthTime)
        totals.add(record.outcome, isDirty: record.report?.isDirty ?? false)
        totals.leaks = WriterStatements.sum(totals.leaks, record.report?.leaks ?? 0)
        totals.corruptions = WriterStatements.sum(totals.corruptions, record.report?.corruptions ?? 0)
        // The reads within the image that failed.
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

    func insert(_ record: PathErrorRecord, scanID: Int64, _ totals: inout ScanTotals) throws(SQLiteError) {
        let path = record.path.columns
        try insertPathError.run(scanID, path.text, path.bytes, record.operation, record.code, record.message)
        totals.pathErrors += 1
    }

    /// Saturating: a file of holes can have 2^51 leaked clusters.
    private static func sum(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let (sum, overflow) = left.addingReportingOverflow(right)
        return overflow ? .max : sum
    }

    /// Whether an inconclusive result only repeats the last one: an image that is in use or unreadable every night
    /// would add a row every night.
    private func isRepeated(_ row: CheckResultRow, imageID: Int64) throws(SQLiteError) -> Bool {
        guard !row.outcome.isConclusive else { return false }
        try lastResult.bind(imageID)
        guard try lastResult.step() else { return false }
        defer { lastResult.reset() }
        return row.repeats(try lastResult.row())
    }
}
