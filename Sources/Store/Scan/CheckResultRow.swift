import Files
import QED
import SQLite
import ScanModel

/// A row of `check_result`: its columns and their values, in one order. The image's ID is added on insertion, so that
/// workers can build the row before the ID is known.
struct CheckResultRow {
    let outcome: Outcome

    static let columns: [String] =
        ["scan_id", "repair_id", "checked_at", "duration_us"] + comparedColumns

    /// The columns in which two results of the same, unchanged image are equal.
    static let comparedColumns: [String] =
        ["checker_version", "outcome", "message"] + fileColumns + factColumns

    private static let fileColumns = ["device", "inode", "file_size", "mtime_ns", "ctime_ns", "disk_size"]

    private static let factColumns = [
        "dirty", "cluster_size", "table_size", "header_size", "image_size", "l1_table_offset", "features",
        "compat_features", "autoclear_features", "backing_file", "backing_is_raw",
        "leaks", "corruptions", "check_errors", "total_clusters", "allocated_clusters", "zero_clusters",
        "fragmented_clusters", "qemu_leaks",
    ]

    /// In the order of `columns`.
    let values: [SQLiteValue]

    /// - Parameter repairID: the repair that checked the image, nil for a scan.
    init(_ record: CheckedImage, scanID: Int64, repairID: Int64? = nil) {
        outcome = record.outcome
        var values: [SQLiteValue] = []
        values.reserveCapacity(CheckResultRow.columns.count)
        values.append(.integer(scanID))
        values.append(repairID.map { .integer($0) } ?? .null)
        values.append(.text(Timestamp.text(nanoseconds: record.checkedAt)))
        values.append(.integer(max(record.duration, 0) / 1000))
        values.append(.integer(Int64(Checker.version)))
        values.append(.text(record.outcome.rawValue))
        values.append(record.message.map { .text($0) } ?? .null)
        CheckResultRow.append(record.status, to: &values)
        CheckResultRow.appendHeader(of: record.report, to: &values)
        CheckResultRow.appendCounters(of: record.report, to: &values)
        self.values = values
    }

    /// Whether another row's `comparedColumns` are equal. For an image in use or changing the columns of the file do
    /// not count: it changes all the time.
    func repeats(_ last: [SQLiteValue]) -> Bool {
        let mine = values.suffix(CheckResultRow.comparedColumns.count)
        // The space that a file occupies on disk is final only some time after it was written.
        let passedOver =
            switch outcome {
            case .inUse, .changing: CheckResultRow.fileColumns
            default: ["disk_size"]
            }
        return zip(CheckResultRow.comparedColumns, zip(mine, last))
            .filter { !passedOver.contains($0.0) }
            .allSatisfy { $0.1.0 == $0.1.1 }
    }

    // Appended one by one: a literal would allocate another array for every image.

    private static func append(_ status: FileStatus, to values: inout [SQLiteValue]) {
        let identity = status.identity
        values.append(bits(identity.device))
        values.append(bits(identity.inode))
        values.append(size(identity.size))
        values.append(.integer(identity.modificationTime))
        values.append(.integer(identity.changeTime))
        values.append(size(status.diskSize))
    }

    private static func appendHeader(of report: CheckResult?, to values: inout [SQLiteValue]) {
        guard let report, let header = report.header else {
            for _ in 0..<11 { values.append(.null) }
            return
        }
        values.append(.integer(header.needCheck ? 1 : 0))
        values.append(size(UInt64(header.clusterSize)))
        values.append(size(UInt64(header.tableSize)))
        values.append(size(UInt64(header.headerSize)))
        values.append(size(header.imageSize))
        values.append(size(header.l1TableOffset.rawValue))
        values.append(bits(header.features.rawValue))
        values.append(bits(header.compatFeatures))
        values.append(bits(header.autoclearFeatures))
        guard let name = report.backingFilename else {
            for _ in 0..<2 { values.append(.null) }
            return
        }
        values.append(.text(RawPath(bytes: name).text))
        values.append(.integer(header.features.contains(.backingFormatNoProbe) ? 1 : 0))
    }

    private static func appendCounters(of report: CheckResult?, to values: inout [SQLiteValue]) {
        guard let report, report.fault == nil else {
            for _ in 0..<8 { values.append(.null) }
            return
        }
        values.append(size(report.leaks))
        values.append(size(report.corruptions))
        values.append(size(report.checkErrors))
        values.append(report.totalClusters.map(size) ?? .null)
        values.append(size(report.counts.allocated))
        values.append(size(report.counts.zero))
        values.append(size(report.counts.fragmented))
        values.append(report.qemuLeaks.map { .integer($0) } ?? .null)
    }

    private static func size(_ value: UInt64) -> SQLiteValue { .integer(Int64(clamping: value)) }
    private static func bits(_ value: UInt64) -> SQLiteValue { .integer(Int64(bitPattern: value)) }
}

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

    /// Adds a result and returns its row ID. Call it in a transaction.
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
