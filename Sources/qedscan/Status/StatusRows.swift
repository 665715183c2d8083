import SQLite
import Store

/// The latest scan of each host, or of each of its shards, one row each.
enum StatusRows {
    static func print(_ status: PoolStatus, _ format: AnswerFormat, _ palette: Palette) {
        var writer = format.writer(columns: columns.map(\.name), palette: palette, roundsBytes: true)
        for scan in status.scans { writer.write(columns.map { $0.value(scan) }) }
        writer.finish()
    }

    private static let columns: [(name: String, value: @Sendable (ScanStatus) -> SQLiteValue)] = [
        ("scan_id", { .integer($0.scanID) }),
        ("host", { .text($0.host) }),
        ("state", { .text($0.state.rawValue) }),
        ("process_id", { $0.processID.map { .integer($0) } ?? .null }),
        ("roots", { .text($0.roots) }),
        ("started_at", { .text($0.startedAt) }),
        ("updated_at", { $0.updatedAt.map { .text($0) } ?? .null }),
        ("finished_at", { $0.finishedAt.map { .text($0) } ?? .null }),
        ("continues_scan_id", { $0.continuesScanID.map { .integer($0) } ?? .null }),
        ("files", { $0.count($0.files) }),
        ("images", { $0.count($0.images) }),
        ("expected_images", { $0.expectedImages.map { .integer(Int64($0)) } ?? .null }),
        ("reused", { $0.count($0.reused) }),
        ("problems", { $0.count($0.problems) }),
        ("read_bytes", { $0.isCounted ? .integer($0.bytesRead) : .null }),
        ("images_per_s", { $0.pace.map { .real($0.rate) } ?? .null }),
        ("left_s", { $0.state == .running ? $0.pace?.secondsLeft.map { .real($0) } ?? .null : .null }),
        ("current_images", { .text($0.currentJSON) }),
        ("node", { .text($0.node) }),
        ("shard_number", { $0.shard.map { .integer(Int64($0.number)) } ?? .null }),
        ("shard_count", { $0.shard.map { .integer(Int64($0.count)) } ?? .null }),
    ]
}

extension ScanStatus {
    /// nil if the duration of the scan is unknown.
    var pace: Pace? { seconds.map { Pace(images: images, expectedImages: expectedImages, seconds: $0) } }

    fileprivate func count(_ number: Int) -> SQLiteValue { isCounted ? .integer(Int64(number)) : .null }
}
