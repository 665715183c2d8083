import QED

/// A row of `check_result`: its columns and their values, in one order.
struct CheckResultRow {
    let outcome: Outcome

    static let columns: [String] =
        ["image_id", "scan_id", "repair_id", "checked_at", "duration_us"] + comparedColumns

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
    init(_ record: CheckRecord, imageID: Int64, scanID: Int64, repairID: Int64? = nil) {
        outcome = record.outcome
        let run: [SQLiteValue] = [
            .integer(imageID), .integer(scanID), repairID.map { .integer($0) } ?? .null,
            .text(Timestamp.text(nanoseconds: record.checkedAt)),
            .integer(max(record.duration, 0) / 1000), .integer(Int64(Checker.version)),
            .text(record.outcome.rawValue), record.message.map { .text($0) } ?? .null,
        ]
        values =
            run + CheckResultRow.file(record.status) + CheckResultRow.header(record.report)
            + CheckResultRow.counters(record.report)
    }

    /// Whether another row's `comparedColumns` say the same. Of an image in use or changing, the file itself does not
    /// matter: it changes all the time.
    func repeats(_ last: [SQLiteValue]) -> Bool {
        let mine = values.suffix(CheckResultRow.comparedColumns.count)
        // What a file occupies on disk settles only some time after it was written.
        let passedOver =
            switch outcome {
            case .inUse, .changing: CheckResultRow.fileColumns
            default: ["disk_size"]
            }
        return zip(CheckResultRow.comparedColumns, zip(mine, last))
            .filter { !passedOver.contains($0.0) }
            .allSatisfy { $0.1.0 == $0.1.1 }
    }

    private static func file(_ status: FileStatus) -> [SQLiteValue] {
        let identity = status.identity
        return [
            .integer(Int64(bitPattern: identity.device)), .integer(Int64(bitPattern: identity.inode)),
            size(identity.size), .integer(identity.modificationTime), .integer(identity.changeTime),
            size(status.diskSize),
        ]
    }

    private static func header(_ report: ImageReport?) -> [SQLiteValue] {
        guard let header = report?.header else { return [SQLiteValue](repeating: .null, count: 11) }
        let backingFile = report?.backingFilename.map { SQLiteValue.text(RawPath(bytes: $0).text) }
        return [
            .integer(header.needCheck ? 1 : 0), size(UInt64(header.clusterSize)), size(UInt64(header.tableSize)),
            size(UInt64(header.headerSize)), size(header.imageSize), size(header.l1TableOffset.rawValue),
            bits(header.features.rawValue), bits(header.compatFeatures), bits(header.autoclearFeatures),
            backingFile ?? .null,
            backingFile == nil ? .null : .integer(header.features.contains(.backingFormatNoProbe) ? 1 : 0),
        ]
    }

    private static func counters(_ report: ImageReport?) -> [SQLiteValue] {
        guard let report, report.fault == nil else { return [SQLiteValue](repeating: .null, count: 8) }
        return [
            size(report.leaks), size(report.corruptions), size(report.checkErrors),
            report.totalClusters.map(size) ?? .null, size(report.counts.allocated), size(report.counts.zero),
            size(report.counts.fragmented), report.qemuLeaks.map { .integer($0) } ?? .null,
        ]
    }

    private static func size(_ value: UInt64) -> SQLiteValue { .integer(Int64(clamping: value)) }
    private static func bits(_ value: UInt64) -> SQLiteValue { .integer(Int64(bitPattern: value)) }
}
