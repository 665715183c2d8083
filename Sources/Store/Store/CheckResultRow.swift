import Files
import QED
import SQLite

/// A row of `check_result`: its columns and their values, in one order. The image that it belongs to comes with its
/// insert, so that workers can make the row before that is known.
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
    init(_ record: CheckRecord, scanID: Int64, repairID: Int64? = nil) {
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

    // One value after the other: a literal of them is an array of its own, made for every image.

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
