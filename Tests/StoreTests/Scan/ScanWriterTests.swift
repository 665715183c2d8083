import Dispatch
import Files
import SQLite
import ScanModel
import Testing

@testable import QED
@testable import Store

/// What a scan leaves in the store.
@Suite struct ScanWriterTests {
    private let fixture: StoreFixture
    private let image = RawPath("/pool/a.qed")

    init() throws { fixture = try StoreFixture() }

    @Test func everyColumnOfLatestCheckIsFilled() throws {
        let report = CheckResult.sample(backingFile: Array("base.raw".utf8)) { header in
            header.features.insert([.needCheck, .backingFormatNoProbe])
            header.compatFeatures = 1 << 63
            header.autoclearFeatures = 5
        } _: { report in
            report.counts.allocated = 11
            report.counts.zero = 12
            report.counts.fragmented = 13
            report.leaks = 14
            report.corruptions = 15
            report.qemuLeaks = -16
        }
        let totals = try fixture.scan { $0.write(CheckedImage(image, report)) }
        #expect((totals.images, totals.dirty, totals.leaks, totals.corruptions) == (1, 1, 14, 15))
        #expect(
            try fixture.rows("SELECT * FROM latest_check") == [
                [
                    1, .text("test"), .text("/pool/a.qed"), .null, .text("corrupt"), 1, 14, 15, 0, 1024, 11, 12, 13,
                    65536, 4,
                    1, .integer(64 << 20), .integer(20 << 16), 51200, 65536, 7, .integer(.min), 5, .text("base.raw"), 1,
                    -16,
                    .null, .text("2026-01-02 03:04:05.678"), 1, 1234, 1, 1, .null,
                ] as [SQLiteValue]
            ])
    }

    @Test func whatWasNotCheckedHasNoCounters() throws {
        try fixture.scan { writer in
            writer.write(CheckedImage(image, nil, outcome: .inUse, message: "a program has it"))
            writer.write(CheckedImage(RawPath("/pool/b"), .sample { $0.features = FeatureBits(rawValue: 64) }))
            writer.write(CheckedImage(RawPath("/pool/c"), .sample { $0.clusterSize = 7 }))
        }
        let columns = "outcome, dirty, leaks, corruptions, check_errors, total_clusters, qemu_leaks, cluster_size"
        #expect(
            try fixture.lines("SELECT \(columns), message FROM latest_check ORDER BY path").map { $0.prefix(35) }
                == [
                    "in_use|-|-|-|-|-|-|-|a program has it", "unsupported|0|-|-|-|-|-|65536|features",
                    "invalid|0|-|-|-|-|-|7|clusterSize 7: the",
                ].map { $0.prefix(35) })
    }

    @Test func findingsAreKeptInTheirOrder() throws {
        let report = CheckResult.sample { _ in
        } _: { report in
            report.findings = [
                Finding(
                    kind: .dataClusterShared, place: TableIndex(l1Index: 1, l2Index: 2), entryValue: .max,
                    fileOffset: ByteOffset(4096), clusterCount: 3, guestRange: GuestRange(offset: 5, length: 6),
                    otherOwner: .data(l1Index: 7, l2Index: 8)),
                Finding(
                    kind: .l2TableOverlaps, place: TableIndex(l1Index: 9), entryValue: 10, fileOffset: ByteOffset(.max),
                    clusterCount: .max, otherOwner: .l1Table),
                Finding(kind: .clusterLeaked, fileOffset: ByteOffset(11), clusterCount: 12),
            ]
            report.findings[2].suppressedCount = .max
            report.corruptions = 4
        }
        try fixture.scan { $0.write(CheckedImage(image, report)) }
        let largest = Int64.max
        #expect(
            try fixture.lines("SELECT * FROM finding ORDER BY number") == [
                "1|1|data-cluster-shared|1|2|-1|4096|3|5|6|7|8|0",
                "1|2|l2-table-overlaps|9|-|10|\(largest)|\(largest)|-|-|-|-|0",
                "1|3|cluster-leaked|-|-|-|11|12|-|-|-|-|\(largest)",
            ])
    }

    @Test func numbersTooLargeForTheStoreAreClamped() throws {
        let report = CheckResult.sample { _ in
        } _: { report in
            report.leaks = .max
            report.corruptions = .max
            report.checkErrors = .max
            report.counts.allocated = .max
            report.qemuLeaks = .max
        }
        let totals = try fixture.scan { writer in
            for path in ["/pool/1", "/pool/2"] { writer.write(CheckedImage(RawPath(path), report, fileSize: .max)) }
        }
        #expect(totals.leaks == .max)
        let sql = "SELECT leaks, corruptions, check_errors, allocated_clusters, qemu_leaks, file_size FROM latest_check"
        #expect(
            try fixture.rows(sql) == [[SQLiteValue]](repeating: .init(repeating: .integer(.max), count: 6), count: 2))
    }

    @Test func inconclusiveResultsThatRepeatAddNoRow() throws {
        func count() throws -> SQLiteValue { try fixture.rows("SELECT count(*) FROM check_result")[0][0] }
        func scan(_ record: CheckedImage) throws { try fixture.scan { $0.write(record) } }
        let invalid = CheckResult.sample { $0.clusterSize = 7 }
        for _ in 0..<3 { try scan(CheckedImage(image, invalid)) }
        #expect(try count() == 1)
        try scan(CheckedImage(image, invalid, changeTime: 1))
        #expect(try count() == 2, "another state of the file")
        for time in [1, 2, 3] as [Int64] { try scan(CheckedImage(image, nil, changeTime: time, message: "VM")) }
        #expect(try count() == 3, "an image in use changes all the time")
        try scan(CheckedImage(image, nil, message: "another reason"))
        #expect(try count() == 4)
        for _ in 0..<2 { try scan(CheckedImage(image, .sample())) }
        #expect(try count() == 6, "a conclusive result is always kept")
        try scan(CheckedImage(image, nil, message: "VM"))
        #expect(try count() == 7, "only the last row counts")
        #expect(try fixture.rows("SELECT last_scan_id, (SELECT max(id) FROM scan) FROM image") == [[11, 11]])
    }

    @Test func imagesThatTheScanShouldHaveSeenAreMissing() throws {
        func present() throws -> [String] {
            try fixture.lines("SELECT path FROM latest_check WHERE present ORDER BY 1")
        }
        let paths = ["/pool/a", "/pool/b", "/other/c"].map { RawPath($0) }
        try fixture.scan { for path in paths { $0.write(CheckedImage(path, .sample())) } }
        try fixture.scan(host: "elsewhere") { $0.write(CheckedImage(paths[1], .sample())) }
        #expect(try present() == ["/other/c", "/pool/a", "/pool/b", "/pool/b"])
        try fixture.scan(isInterrupted: true) { _ in }
        #expect(try present().count == 4, "an interrupted scan says nothing")
        let isInPool: (RawPath) -> Bool = { $0.text.hasPrefix("/pool/") }
        try fixture.scan(covers: isInPool) { $0.writeReused(imageID: 1, outcome: .clean, isDirty: false) }
        #expect(try present() == ["/other/c", "/pool/a", "/pool/b"])
        #expect(
            try fixture.lines("SELECT missing_since_scan_id FROM image WHERE path = '/pool/b' AND host = 'test'") == [
                "4"
            ])
        try fixture.scan { _ in }
        #expect(
            try fixture.lines("SELECT missing_since_scan_id FROM image WHERE host = 'test' ORDER BY id") == [
                "5", "4", "5",
            ])
        try fixture.scan { $0.writeReused(imageID: 2, outcome: .clean, isDirty: false) }
        #expect(try present() == ["/pool/b", "/pool/b"])
    }

    @Test func pathsAreBytes() throws {
        let paths = [
            [0x2F, 0xFF], Array("/\\xff".utf8), Array("/\n\u{1B}".utf8), [0x2F, 0xFF, 0xC3], Array("/é".utf8),
        ].map { RawPath(bytes: $0) }
        for _ in 0..<2 { try fixture.scan { for path in paths { $0.write(CheckedImage(path, .sample())) } } }
        #expect(try fixture.rows("SELECT count(*) FROM image") == [[5]])
        #expect(
            try fixture.lines("SELECT path, path_bytes FROM image ORDER BY id") == [
                "/\\xff|[47, 255]", "/\\xff|-", "/\n\u{1B}|-", "/\\xff\\xc3|[47, 255, 195]", "/é|-",
            ])
        let store = try ScanStore(reading: fixture.path)
        let known = try store.knownImages(host: StoreFixture.host, oldest: nil).map { try fixture.path(of: $0) }
        #expect(known.sorted() == paths.sorted())
    }

    @Test func errorsAreKeptWithTheirPaths() throws {
        let report = CheckResult.sample { _ in
        } _: { report in
            report.checkErrors = 1
            report.errors = [CheckError(l1Index: 3, offset: ByteOffset(4096), error: SystemError("pread", code: 5))]
        }
        let totals = try fixture.scan { writer in
            writer.write(CheckedImage(image, report))
            writer.write(
                PathError(path: RawPath(bytes: [0x2F, 0xFE]), operation: "open", code: 13, message: "no"))
        }
        #expect(totals.pathErrors == 2)
        #expect(
            try fixture.lines("SELECT path, path_bytes, operation, errno FROM path_error ORDER BY id") == [
                "/pool/a.qed|-|pread|5", "/\\xfe|[47, 254]|open|13",
            ])
    }

    @Test func theRowOfAScanHasItsTotals() throws {
        let totals = try fixture.scan { writer in
            writer.write(CheckedImage(image, .sample { $0.features = .needCheck }))
            writer.write(
                CheckedImage(
                    RawPath("/pool/b"),
                    .sample { _ in
                    } _: {
                        $0.leaks = 1
                    }))
            writer.write(CheckedImage(RawPath("/pool/c"), nil))
            writer.writeReused(imageID: 1, outcome: .clean, isDirty: true)
        }
        #expect((totals.images, totals.reused, totals.dirty) == (4, 1, 2))
        let columns =
            "host, state, images_seen, reused, clean, leaking, in_use, corrupt, dirty, files_seen, bytes_read, version"
        #expect(try fixture.lines("SELECT \(columns) FROM scan") == ["test|completed|4|1|2|1|1|0|2|7|12345|1.2.3"])
        #expect(
            try fixture.lines("SELECT roots ->> 1, options ->> 'include', options ->> 'jobs' FROM scan") == [
                "/with \"quotes\"|a\"b|4"
            ])
        #expect(try fixture.lines("SELECT checked, problems, duration_s >= 0 FROM scan_summary") == ["3|2|1"])
    }

    @Test func aScanThatACrashLeftIsInterruptedByTheNext() throws {
        try fixture.scan { _ in }
        try fixture.execute("UPDATE scan SET state = 'running', finished_at = NULL")
        try fixture.scan { _ in }
        #expect(try fixture.lines("SELECT state FROM scan ORDER BY id") == ["interrupted", "completed"])
    }

    @Test func everyFindingKindIsInTheStore() throws {
        try fixture.scan { _ in }
        #expect(try Set(fixture.lines("SELECT slug FROM finding_kind")) == Set(FindingKind.allCases.map(\.rawValue)))
        try fixture.execute("UPDATE finding_kind SET message = 'old'")
        try fixture.scan { _ in }
        #expect(try fixture.lines("SELECT slug FROM finding_kind WHERE message = 'old'").isEmpty)
    }

    @Test func manyRecordsFromManyThreadsAreAllWritten() async throws {
        let records = (0..<3000).map { CheckedImage(RawPath("/pool/\($0)"), .sample()) }
        try fixture.scan { writer in
            DispatchQueue.concurrentPerform(iterations: 8) { part in
                for index in stride(from: part, to: records.count, by: 8) { writer.write(records[index]) }
            }
        }
        #expect(try fixture.rows("SELECT count(*), count(DISTINCT path) FROM latest_check") == [[3000, 3000]])
    }
}

extension SQLiteValue: ExpressibleByIntegerLiteral {
    public init(integerLiteral value: Int64) { self = .integer(value) }
}
