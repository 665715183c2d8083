import Files
import SQLite
import ScanModel
import Testing

@testable import QED
@testable import Repair
@testable import Store

/// The named reports: each on an empty store, and on a small one whose answers are written down here.
@Suite struct ReportsTests {
    private let fixture: StoreFixture

    init() throws {
        fixture = try StoreFixture()
        try fixture.scan { _ in }
    }

    private func fill() throws {
        try fixture.scan { writer in
            let backing = ImageBacking.sample(.sample("/pool/corrupt"), isRaw: true)
            writer.write("/pool/clean", inode: 10, on: backing)
            writer.write(CheckedImage(RawPath("/pool/dirty"), .sample { $0.features = .needCheck }))
            writer.write(
                CheckedImage(
                    RawPath("/pool/leaking"),
                    .sample { _ in
                    } _: {
                        ($0.leaks, $0.qemuLeaks) = (5, 4)
                        ($0.counts.allocated, $0.counts.fragmented) = (8, 3)
                        $0.findings = [
                            Finding(kind: .clusterLeaked, fileOffset: ByteOffset(9 << 16), clusterCount: 5)
                        ]
                    }))
            writer.write(
                CheckedImage(
                    RawPath("/pool/corrupt"),
                    .sample {
                        $0.features = .needCheck
                    } _: {
                        ($0.leaks, $0.corruptions, $0.qemuLeaks) = (2, 3, 2)
                        $0.findings = [
                            Finding(
                                kind: .dataClusterShared, fileOffset: ByteOffset(6 << 16), clusterCount: 3,
                                guestRange: GuestRange(offset: 0, length: 3 << 16))
                        ]
                    }))
            writer.write(CheckedImage(RawPath("/pool/invalid"), .sample { $0.clusterSize = 7 }, message: "bad size"))
            writer.write(
                CheckedImage(RawPath("/pool/new"), .sample { $0.features = FeatureBits(rawValue: 1 << 63 | 8) }))
            writer.write(CheckedImage(RawPath("/pool/used"), nil, message: "a program has it"))
            writer.write(
                CheckedImage(
                    RawPath("/gone/leaking"),
                    .sample { _ in
                    } _: {
                        $0.leaks = 100
                    }))
            writer.write(PathError(path: RawPath("/pool/locked"), operation: "open", code: 13, message: "no"))
        }
        try fixture.execute(
            """
            UPDATE scan SET started_at = '2026-01-02 03:00:00.000', finished_at = '2026-01-02 03:01:00.000';
            UPDATE image SET missing_since_scan_id = 2 WHERE path LIKE '/gone/%';
            """)
        try repairImages()
    }

    /// Repairs that leave the latest outcome of every image as it is.
    private func repairImages() throws {
        let path = RawPath("/gone/leaking")
        let effects = GuestEffect.Kind.allCases.map {
            GuestEffect($0, .clearInvalid, GuestRange(offset: 0, length: 65536))
        }
        let words = [UInt8](repeating: 0, count: 16)
        let writes = [
            RepairWrite(.pointer, .clearInvalid, at: 65536, .words(before: words, after: words)),
            RepairWrite(.tail, .cloneShared, at: 20 << 16, .copy(source: 0, length: 65536)),
        ]
        try fixture.repair { journal throws in
            let first = try journal.prepare(
                .sample(path, actions: [.clearInvalid, .cloneShared], effects: effects), writes)
            let report = CheckResult.sample { _ in
            } _: {
                $0.leaks = 99
            }
            try journal.finish(first, .sample(after: .sample(2, size: 21 << 16), report: report))
            let undo = try journal.prepare(
                .sample(path, undoes: first, actions: [.clearInvalid], before: .sample(2, size: 21 << 16)), [])
            try journal.finish(undo, .sample())
            let failed = try journal.prepare(.sample(path, actions: [.clearDirty]), [])
            try journal.finish(failed, .sample(.rolledBack))
            _ = try journal.prepare(.sample(RawPath("/pool/corrupt"), actions: []), [])
        }
        try fixture.execute("UPDATE repair SET started_at = '2026-01-02 04:00:00.000'")
    }

    /// Lines that end with the host.
    private static func here(_ lines: String...) -> [String] { lines.map { $0 + "|" + StoreFixture.host } }

    private static let golden: [String: [String]] = [
        "backing-problems": here(
            "/pool/clean|base-corrupt|/pool/corrupt|corrupt, 3 corruptions", "/pool/clean|base-dirty|/pool/corrupt|-",
            "/pool/clean|raw-flag|/pool/corrupt|-"
        ),
        "backing-tree": here("/pool/corrupt|corrupt|1|/pool/clean"),
        "changes": here(
            "/gone/leaking|vanished|-|-|-|-|-|-|-", "/pool/clean|new|-|-|clean|-|0|-|0",
            "/pool/corrupt|new|-|-|corrupt|-|3|-|2", "/pool/dirty|new|-|-|clean|-|0|-|0",
            "/pool/invalid|new|-|-|invalid|-|-|-|-", "/pool/leaking|new|-|-|leaking|-|0|-|5",
            "/pool/new|new|-|-|unsupported|-|-|-|-", "/pool/used|new|-|-|-|-|-|-|-"
        ),
        "assessment": here(
            "/pool/invalid|unusable|The header cannot be used: bad size.|0|-|-|-|-",
            "/pool/corrupt|data-at-risk|3 clusters are in use more than once: 196608 guest bytes can be overwritten.|1|0|0"
                + "|196608|131072",
            "/pool/leaking|space|No table is known to be among 5 leaked clusters (327680 bytes).|0|0|0|0|327680"
        ),
        "damaged": here(
            "/pool/corrupt|corrupt|1|3|2|131072|-|2026-01-02 03:04:05.678",
            "/pool/invalid|invalid|0|-|-|-|bad size|2026-01-02 03:04:05.678",
            "/pool/leaking|leaking|0|0|5|327680|-|2026-01-02 03:04:05.678"
        ),
        "dirty": here(
            "/pool/corrupt|corrupt|3|2|1310720|2026-01-02 03:04:05.678",
            "/pool/dirty|clean|0|0|1310720|2026-01-02 03:04:05.678"
        ),
        "errors": here(
            "/pool/invalid|invalid|bad size|2026-01-02 03:04:05.678",
            "/pool/locked|open|no|2026-01-02 03:00:00.000",
            "/pool/new|unsupported|features 0x8000000000000008: the image has unknown feature bits and must not be opened"
                + "|2026-01-02 03:04:05.678",
            "/pool/used|in_use|a program has it|2026-01-02 03:04:05.678"
        ),
        "leaked-space": [
            "/pool/leaking|5|327680|25.0|4|test", "/pool/corrupt|2|131072|10.0|2|test", "(all)|7|458752|17.5|6|-",
        ],
        "missing": here("/gone/leaking|leaking|0|2026-01-02 03:04:05.678|2026-01-02 03:00:00.000"),
        "repairs": here(
            "4|/pool/corrupt|prepared||-|-|corrupt|-|0|0|-|0|2026-01-02 04:00:00.000|-",
            "3|/gone/leaking|rolled_back|clear-dirty|-|-|leaking|-|0|0|0|0|2026-01-02 04:00:00.000|the disk is full",
            "2|/gone/leaking|done|clear-invalid|1|-|leaking|-|2|0|-65536|0|2026-01-02 04:00:00.000|-",
            "1|/gone/leaking|done|clear-invalid, clone-shared|-|2|leaking|leaking|2|65536|65536|131072|"
                + "2026-01-02 04:00:00.000|-"
        ),
        "capacity": [
            "/pool|7|268435456|9175040|358400|test",
            "(all)|7|268435456|9175040|358400|-",
        ],
        "findings-by-kind": [
            "cluster-size-invalid|corruption|1|1|0|0|0|-|the cluster size is not a power of 2 from 409"
                + "6 to 67108864 bytes",
            "data-cluster-shared|corruption|1|1|0|3|196608|clone-shared|another entry refers to the sa"
                + "me data cluster",
            "cluster-leaked|leak|1|1|0|5|0|reclaim-leaks|no entry refers to the clusters",
            "features-unsupported|notice|1|1|0|0|0|-|the image has unknown feature bits and must not be opened",
        ],
        "fragmentation": here(
            "/pool/leaking|3|8|37.5|1310720"
        ),
        "guest-ranges-at-risk": here(
            "/pool/corrupt|0|196608|data-cluster-shared|another entry refers to the same data cluster|0"
        ),
        "in-use": here(
            "/pool/used|in_use|a program has it|-|-|2026-01-02 03:04:05.678"
        ),
        "largest": here(
            "/pool/clean|clean|51200|1310720|67108864",
            "/pool/corrupt|corrupt|51200|1310720|67108864",
            "/pool/dirty|clean|51200|1310720|67108864",
            "/pool/invalid|invalid|51200|1310720|-",
            "/pool/leaking|leaking|51200|1310720|67108864",
            "/pool/new|unsupported|51200|1310720|-",
            "/pool/used|in_use|51200|1310720|-"
        ),
        "stale": here(
            "/pool/used|-|-|2026-01-02 03:00:00.000",
            "/pool/clean|clean|2026-01-02 03:04:05.678|2026-01-02 03:00:00.000",
            "/pool/corrupt|corrupt|2026-01-02 03:04:05.678|2026-01-02 03:00:00.000",
            "/pool/dirty|clean|2026-01-02 03:04:05.678|2026-01-02 03:00:00.000",
            "/pool/invalid|invalid|2026-01-02 03:04:05.678|2026-01-02 03:00:00.000",
            "/pool/leaking|leaking|2026-01-02 03:04:05.678|2026-01-02 03:00:00.000",
            "/pool/new|unsupported|2026-01-02 03:04:05.678|2026-01-02 03:00:00.000"
        ),
        "hosts": [
            "test|7|2|1|1|3|2|458752|3|358400|1|2026-01-02 03:01:00.000|3|test",
            "(all)|7|2|1|1|3|2|458752|3|358400|1|-|-|-",
        ],
        "shards": [],
        "trend": [
            "1|test|-|2026-01-02 03:00:00.000|completed|0|0|0|0|0|0|0|0|0|0|0|0",
            "2|test|-|2026-01-02 03:00:00.000|completed|8|2|2|1|0|1|1|1|0|2|3|458752",
        ],
        "unsupported": here(
            "/pool/new|0x8000000000000008|features 0x8000000000000008: the image has unknown feature"
                + " bits and must not be opened|1310720|2026-01-02 03:04:05.678"
        ),
        "summary": [
            "clean|2|1|0|0|0|134217728|102400", "corrupt|1|1|2|3|131072|67108864|51200", "in_use|1|0|0|0|0|0|51200",
            "invalid|1|0|0|0|0|0|51200", "leaking|1|0|5|0|327680|67108864|51200",
            "unsupported|1|0|0|0|0|0|51200", "total|7|2|7|3|458752|268435456|358400",
        ],
    ]

    @Test(arguments: Report.all.map(\.name)) func everyReportGivesItsGoldenRows(_ name: String) throws {
        try fill()
        let report = try #require(Report.named(name))
        // Three days and a little after the end of the scans.
        let parameters: [String: Int64] = name == "hosts" ? ["at": 1_767_582_160] : [:]
        #expect(try fixture.lines(report, parameters) == ReportsTests.golden[name])
    }

    @Test(arguments: Report.all.map(\.name)) func anEmptyStoreGivesAnAnswerToo(_ name: String) throws {
        let report = try #require(Report.named(name))
        let sums = [
            "capacity": ["(all)|0|0|0|0|-"], "leaked-space": ["(all)|0|0|-|0|-"], "summary": ["total|0|0|0|0|0|0|0"],
        ]
        if name == "trend" {
            #expect(try fixture.rows(report.sql).map { Array($0[5...]) } == [Array(repeating: .integer(0), count: 12)])
        } else if name == "hosts" {
            let zeros = Array(repeating: SQLiteValue.integer(0), count: 10)
            #expect(try fixture.rows(report.sql).map { Array($0[1...10]) } == [zeros, zeros])
        } else {
            #expect(try fixture.lines(report) == sums[name] ?? [])
        }
    }

    @Test(arguments: Report.all.map(\.name)) func headerSaysTheQuestionAndEveryColumn(_ name: String) throws {
        let report = try #require(Report.named(name))
        #expect(report.question.hasSuffix("?"))
        let statement = try Database(path: fixture.path, mode: .readOnly).prepare(report.sql)
        #expect(statement.isReadOnly)
        let documented = report.columns.flatMap { line in
            line.prefix { $0 != ":" }.split(separator: ",").map { $0.drop { $0 == " " } }
        }
        #expect(documented.map(String.init) == statement.columnNames)
        #expect(Set(report.parameters.map { ":" + $0.name }) == Set(statement.parameterNames))
        #expect(report.parameters.allSatisfy { !$0.meaning.isEmpty && !$0.defaultText.isEmpty })
        #expect(Set(statement.columnNames).count == statement.columnNames.count)
        #expect(report.sql.contains("\nORDER BY"))
    }

    @Test func provisionalNumbersOfAnImageInUseCountNowhere() throws {
        try fixture.scan { writer in
            writer.write("/pool/clean", inode: 10)
            writer.write(
                "/pool/used", inode: 11,
                report: .sample {
                    $0.features = .needCheck
                } _: {
                    ($0.leaks, $0.corruptions, $0.qemuLeaks) = (7, 3, 7)
                    ($0.counts.allocated, $0.counts.fragmented) = (8, 3)
                    $0.findings = [
                        Finding(
                            kind: .dataClusterShared, fileOffset: ByteOffset(6 << 16), clusterCount: 3,
                            guestRange: GuestRange(offset: 0, length: 3 << 16))
                    ]
                }, outcome: .inUse)
        }
        #expect(
            try fixture.lines("SELECT dirty, leaks, corruptions FROM latest_check WHERE outcome = 'in_use'") == [
                "1|7|3"
            ])
        let empty = ["damaged", "assessment", "dirty", "fragmentation", "guest-ranges-at-risk", "findings-by-kind"]
        for name in empty {
            #expect(try fixture.lines(try #require(Report.named(name))) == [], "\(name)")
        }
        #expect(try fixture.lines(try #require(Report.named("leaked-space"))) == ["(all)|0|0|-|0|-"])
        #expect(
            try fixture.lines(try #require(Report.named("summary"))) == [
                "clean|1|0|0|0|0|67108864|51200", "in_use|1|0|0|0|0|67108864|51200", "total|2|0|0|0|0|134217728|102400",
            ])
        let trend = try fixture.rows(try #require(Report.named("trend")).sql)
        #expect(trend.last.map { Array($0.suffix(2)) } == [.integer(0), .integer(0)])
    }

    @Test func sameNamesOfTwoHostsAreDistinguished() throws {
        for host in ["one", "two"] {
            try fixture.scan(host: host) { $0.write("/pool/image", inode: 10, report: .corrupt(1)) }
        }
        for name in ["damaged", "assessment", "largest", "changes"] {
            let report = try #require(Report.named(name))
            let lines = try fixture.lines(report)
            #expect(lines.count == 2 && lines[0].hasPrefix("/pool/image|") && lines[1].hasPrefix("/pool/image|"))
            #expect(lines.map { $0.split(separator: "|").last } == ["one", "two"], "\(name)")
        }
        let directories = try fixture.lines(try #require(Report.named("capacity")))
        #expect(directories.map { $0.split(separator: "|").last } == ["one", "two", "-"])
    }

    @Test func everyReportWithImagesHasTheirHost() throws {
        let database = try Database(path: fixture.path, mode: .readOnly)
        for report in Report.all {
            let columns = try database.prepare(report.sql).columnNames
            #expect(!columns.contains("path") || columns.last == "host", "\(report.name)")
        }
    }

    @Test func everyReportHasAGoldenAnswer() {
        #expect(Set(Report.all.map(\.name)) == Set(ReportsTests.golden.keys))
        #expect(Report.named("no-such-report") == nil)
    }
}
