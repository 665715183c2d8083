import QED
import SQLite

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
            INSERT INTO check_result (\(columns.joined(separator: ", ")), image_id)
            VALUES (\(columns.map { _ in "?" }.joined(separator: ", ")), ?)
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
    func insert(_ row: CheckResultRow, imageID: Int64, findings: [Finding]) throws(SQLiteError) -> Int64 {
        try insertResult.run(row: row.values, and: .integer(imageID))
        let resultID = database.lastInsertRowID
        for (index, finding) in findings.enumerated() {
            try insert(finding, number: index + 1, resultID: resultID)
        }
        return resultID
    }

    private func insert(_ finding: Finding, number: Int, resultID: Int64) throws(SQLiteError) {
        let other = finding.otherOwner?.place
        try insertFinding.run(row: [
            .integer(resultID), .integer(Int64(number)), .text(finding.kind.rawValue),
            integer(finding.place?.l1Index), integer(finding.place?.l2Index),
            finding.entryValue.map { .integer(Int64(bitPattern: $0)) } ?? .null, integer(finding.fileOffset.rawValue),
            integer(finding.clusterCount), integer(finding.guestRange?.offset), integer(finding.guestRange?.length),
            integer(other?.l1Index), integer(other?.l2Index), integer(finding.suppressedCount),
        ])
    }

    private func integer(_ value: (some BinaryInteger)?) -> SQLiteValue {
        value.map { .integer(Int64(clamping: $0)) } ?? .null
    }
}
