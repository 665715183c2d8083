import Files
import Repair
import SQLite

/// Filling in how a repair ended.
extension StoreJournal {
    func fillIn(_ end: RepairEnd, of id: RepairID) throws(SQLiteError) {
        var resultID: Int64?
        if let check = end.check { resultID = try insert(check, of: id) }
        let statement = try database.prepare(
            """
            UPDATE repair SET state = ?2, message = ?3, finished_at = ?4, check_result_after_id = ?5,
                device_after = ?6, inode_after = ?7, size_after = ifnull(?8, size_after), mtime_ns_after = ?9,
                ctime_ns_after = ?10, header_after = ?11, metadata_sha256_after = ?12
            WHERE id = ?1 AND state = 'prepared'
            """)
        let none = [(any SQLiteBindable)?](repeating: nil, count: 7)
        try statement.bind(
            [id, end.state.rawValue, end.message, Timestamp.now(), resultID] + (end.after?.columns ?? none))
        try statement.run()
        guard database.changes == 1 else {
            throw database.refusal(.mismatch, "there is no repair \(id) that has not ended")
        }
        // After a restart the same file may have another device number.
        guard let identity = end.after?.identity ?? end.check?.status.identity else { return }
        try database.prepare(
            """
            UPDATE image SET device = ?2, inode = ?3
            WHERE id = (SELECT image_id FROM repair WHERE id = ?1) AND (device <> ?2 OR inode <> ?3)
            """
        ).run(id, Int64(bitPattern: identity.device), Int64(bitPattern: identity.inode))
    }

    private func insert(_ check: RepairCheck, of id: RepairID) throws(SQLiteError) -> Int64? {
        let statement = try database.prepare(
            """
            SELECT image.id, last_scan_id, path, path_bytes
            FROM repair JOIN image ON image.id = image_id WHERE repair.id = ?
            """)
        try statement.bind(id)
        guard try statement.step() else { return nil }
        let record = CheckRecord(
            path: RawPath(text: try statement.column(2), bytes: try statement.column(3)), status: check.status,
            outcome: check.report.outcome, report: check.report, message: check.report.message,
            checkedAt: check.checkedAt, duration: check.duration)
        let row = CheckResultRow(record, scanID: try statement.column(1), repairID: id)
        let imageID = try statement.column(0, as: Int64.self)
        statement.reset()
        return try CheckResultInserter(database).insert(row, imageID: imageID, findings: check.report.findings)
    }
}
