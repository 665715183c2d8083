import QED

/// Adds rows to `check_result`, with their findings.
struct CheckResultInserter {
    private let database: Database
    private let insertResult: Statement
    private let insertFinding: Statement

    init(_ database: Database) throws(SQLiteError) {
        self.database = database
        let columns = CheckResultRow.columns
        insertResult = try database.prepare(
            """
            INSERT INTO check_result (\(columns.joined(separator: ", ")))
            VALUES (\(columns.map { _ in "?" }.joined(separator: ", ")))
            """)
        insertFinding = try database.prepare(
            """
            INSERT INTO finding (
                check_result_id, number, kind, l1_index, l2_index, entry_value, file_offset, cluster_count,
                guest_offset, guest_length, other_l1_index, other_l2_index, suppressed_count)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """)
    }

    /// Returns the result's row ID. Belongs into a transaction.
    func insert(_ row: CheckResultRow, findings: [Finding]) throws(SQLiteError) -> Int64 {
        try insertResult.bind(row.values)
        try insertResult.run()
        let resultID = database.lastInsertRowID
        for (index, finding) in findings.enumerated() {
            try insert(finding, number: index + 1, resultID: resultID)
        }
        return resultID
    }

    private func insert(_ finding: Finding, number: Int, resultID: Int64) throws(SQLiteError) {
        let other = finding.otherOwner?.place
        try insertFinding.run(
            resultID, number, finding.kind.rawValue, finding.place?.l1Index, finding.place?.l2Index,
            finding.entryValue.map(Int64.init(bitPattern:)), Int64(clamping: finding.fileOffset.rawValue),
            Int64(clamping: finding.clusterCount), finding.guestRange.map { Int64(clamping: $0.offset) },
            finding.guestRange.map { Int64(clamping: $0.length) }, other?.l1Index, other?.l2Index,
            Int64(clamping: finding.suppressedCount))
    }
}
