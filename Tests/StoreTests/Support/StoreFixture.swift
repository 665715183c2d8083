import Files
import Glibc
import SQLite
import ScanModel
import TestSupport
import Testing

@testable import QED
@testable import Store

/// A store in its own directory, and scans that write made-up results into it.
final class StoreFixture {
    static let host = "test"

    let directory: TemporaryDirectory
    var path: String { directory.file("store.db") }

    init() throws { directory = try TemporaryDirectory() }

    /// One scan from its beginning to its end.
    ///
    /// - Parameter continues: whether it resumes interrupted scans.
    @discardableResult
    func scan(
        host: String = StoreFixture.host, node: String? = nil, isInterrupted: Bool = false, roots: [ScannedRoot] = [],
        mounts: [String] = [], isDirectory: @escaping (RawPath) -> Bool = { _ in true },
        continues: Bool = false, include: String = "a\"b", jobs: Int64 = 4,
        covers: @escaping (RawPath) -> Bool = { _ in true },
        _ body: (ScanWriter) throws -> Void
    ) throws -> ScanTotals {
        let store = try ScanStore(writing: path)
        var record = StoreFixture.record(host: host, node: node, include: include, jobs: jobs)
        if continues { record.continues = try store.chain(before: record) }
        let writer = try ScanWriter(store: store, scan: record) {}
        try body(writer)
        let totals = try writer.finish(
            isInterrupted: isInterrupted, filesSeen: 7, bytesRead: 12345,
            scope: ScanScope(
                roots: roots, mounts: Set(mounts.map { RawPath($0) }), isDirectory: isDirectory, covers: covers))
        try store.close()
        return totals
    }

    static func record(
        host: String = StoreFixture.host, node: String? = nil, include: String = "a\"b", jobs: Int64 = 4
    ) -> ScanRecord {
        ScanRecord(
            host: host, node: node, roots: [RawPath("/pool"), RawPath("/with \"quotes\"")],
            options: [("jobs", .integer(jobs)), ("include", .text(include)), ("max-age", .null)], version: "1.2.3",
            decidingOptions: ["include", "max-age"])
    }

    /// The rows of a question, each value as SQLite gives it.
    ///
    /// - Parameter values: of its parameters, by name with the sign.
    func rows(_ sql: String, _ values: [String: SQLiteValue] = [:]) throws -> [[SQLiteValue]] {
        let database = try Database(path: path, mode: .readWrite)
        let statement = try database.prepare(sql)
        for (name, value) in values { try statement.bind(value, named: name) }
        var rows: [[SQLiteValue]] = []
        while try statement.step() { rows.append(try statement.row()) }
        return rows
    }

    /// The rows as text, their values separated by bars.
    func lines(_ sql: String, _ values: [String: SQLiteValue] = [:]) throws -> [String] {
        try rows(sql, values).map { row in row.map(StoreFixture.text).joined(separator: "|") }
    }

    /// The rows of a report as text, with its defaults for what is not given.
    func lines(_ report: Report, _ values: [String: Int64] = [:]) throws -> [String] {
        let defaults = report.parameters.map { (":" + $0.name, $0.defaultValue) }
        let given = values.map { (":" + $0.key, SQLiteValue.integer($0.value)) }
        return try lines(report.sql, Dictionary(defaults + given) { $1 })
    }

    /// The path of a known image, which stands for it by its hash alone.
    func path(of image: KnownImage) throws -> RawPath {
        let row = try rows("SELECT path, path_bytes FROM image WHERE id = \(image.imageID)").first ?? []
        let text = String(sqliteValue: row.first ?? .null) ?? ""
        let path = if case .blob(let bytes)? = row.last { RawPath(bytes: bytes) } else { RawPath(text) }
        #expect(image.path == PathHash(path))
        return path
    }

    func execute(_ sql: String) throws { try Database(path: path, mode: .readWrite).execute(sql) }

    private static func text(_ value: SQLiteValue) -> String {
        switch value {
        case .null: "-"
        case .integer(let number): String(number)
        case .real(let number): String(number)
        case .text(let text): text
        case .blob(let bytes): "\(bytes)"
        }
    }
}

/// Bytes in memory, and holes up to a size.
private struct MemorySource: ImageSource {
    let content: [UInt8]
    let size: UInt64
    var diskSize: UInt64 { size }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: ByteOffset) -> Int {
        let start = min(Int(clamping: offset.rawValue), content.count)
        let part = content[start...].prefix(buffer.count)
        buffer.copyBytes(from: part)
        return part.count
    }

    func nextData(from offset: ByteOffset) -> Range<UInt64>? { nil }
}

extension CheckResult {
    /// A report of a sound image of 20 clusters of 64 KiB, to be changed.
    static func sample(
        fileSize: UInt64 = 20 << 16, backingFile: [UInt8] = [], _ change: (inout Header) -> Void = { _ in },
        _ results: (inout CheckResult) -> Void = { _ in }
    ) -> CheckResult {
        var header = Header()
        header.l1TableOffset = ByteOffset(65536)
        header.imageSize = 64 << 20
        if !backingFile.isEmpty {
            header.features.insert(.backingFile)
            header.backingFilenameOffset = 64
            header.backingFilenameSize = UInt32(backingFile.count)
        }
        change(&header)
        var log = FindingLog(limit: 10)
        let source = MemorySource(content: header.encoded() + backingFile, size: fileSize)
        var report = CheckResult(HeaderPass(source: source, log: &log))
        report.findings = log.findings
        results(&report)
        return report
    }
}

extension CheckedImage {
    /// 2026-01-02 03:04:05.678, and the change of the file ten seconds before.
    static let time: Int64 = 1_767_323_045_678_000_000

    init(
        _ path: RawPath, _ report: CheckResult?, outcome: Outcome? = nil, inode: UInt64 = 10,
        fileSize: UInt64 = 20 << 16, changeTime: Int64 = CheckedImage.time - 10_000_000_000, message: String? = nil,
        checkedAt: Int64 = CheckedImage.time
    ) {
        var status = stat()
        status.st_mode = S_IFREG
        status.st_dev = 3
        status.st_ino = UInt(inode)
        status.st_size = Int(clamping: fileSize)
        status.st_blocks = 100
        status.st_mtim = timespec(tv_sec: 1_700_000_000, tv_nsec: 5)
        let (seconds, nanoseconds) = changeTime.quotientAndRemainder(dividingBy: 1_000_000_000)
        status.st_ctim = timespec(tv_sec: Int(seconds), tv_nsec: Int(nanoseconds))
        self.init(
            path: path, status: FileStatus(status), outcome: outcome ?? report?.outcome ?? .inUse, report: report,
            message: message ?? report?.message, checkedAt: checkedAt, duration: 1_234_567)
    }
}
