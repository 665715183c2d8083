import Files
import ScanModel
import Testing

@testable import QED
@testable import Repair
@testable import Store

/// Which images are looked at for a repair.
@Suite struct RepairCandidateTests {
    private let fixture: StoreFixture

    init() throws { fixture = try StoreFixture() }

    private func candidates(host: String = StoreFixture.host) throws -> [RepairCandidate] {
        try ScanStore(reading: fixture.path).repairCandidates(node: host)
    }

    private func candidate(host: String = StoreFixture.host, _ path: RawPath) throws -> RepairCandidate? {
        try ScanStore(reading: fixture.path).repairCandidate(node: host, path: path)
    }

    private static func report(leaks: UInt64 = 0, corruptions: UInt64 = 0, isDirty: Bool = false) -> CheckResult {
        .sample {
            if isDirty { $0.features = .needCheck }
        } _: {
            ($0.leaks, $0.corruptions) = (leaks, corruptions)
        }
    }

    @Test func damagedAndDirtyImagesAreCandidates() throws {
        let reports: [(String, CheckResult)] = [
            ("/pool/clean", RepairCandidateTests.report()), ("/pool/dirty", RepairCandidateTests.report(isDirty: true)),
            ("/pool/leaking", RepairCandidateTests.report(leaks: 1)),
            ("/pool/corrupt", RepairCandidateTests.report(corruptions: 1, isDirty: true)),
            ("/pool/invalid", .sample { $0.clusterSize = 7 }), ("/gone/corrupt", RepairCandidateTests.report(leaks: 9)),
        ]
        try fixture.scan { writer in
            for (path, report) in reports { writer.write(CheckedImage(RawPath(path), report)) }
        }
        try fixture.execute("UPDATE image SET missing_since_scan_id = 1 WHERE path LIKE '/gone/%'")
        #expect(
            try candidates().map { "\($0.path.text) \($0.outcome) \($0.isDirty)" } == [
                "/pool/corrupt corrupt true", "/pool/dirty clean true", "/pool/invalid invalid false",
                "/pool/leaking leaking false",
            ])
        #expect(try candidates(host: "elsewhere").isEmpty)
    }

    @Test(arguments: [Outcome.inUse, .changing]) func aProvisionalResultMakesNoCandidate(_ outcome: Outcome) throws {
        let path = RawPath("/pool/a")
        let report = RepairCandidateTests.report(corruptions: 1, isDirty: true)
        try fixture.scan { $0.write(CheckedImage(path, report, outcome: outcome)) }
        #expect(try candidates().isEmpty)
        let named = try #require(try candidate(path))
        #expect((named.outcome, named.isDirty) == (outcome, true))
    }

    @Test func theLatestResultCounts() throws {
        let path = RawPath("/pool/a")
        try fixture.scan { $0.write(CheckedImage(path, RepairCandidateTests.report(corruptions: 1))) }
        #expect(try candidates().count == 1)
        try fixture.repair { journal throws in
            try journal.finish(try journal.prepare(.sample(path), []), .sample(report: .sample()))
        }
        #expect(try candidates().isEmpty)
        try fixture.scan { $0.write(CheckedImage(path, RepairCandidateTests.report(leaks: 1))) }
        #expect(try candidates().map(\.outcome) == [.leaking])
    }

    @Test func theFileIsThatOfTheCheck() throws {
        let record = CheckedImage(
            RawPath("/pool/a"), RepairCandidateTests.report(leaks: 1), inode: .max, fileSize: 7 << 40, changeTime: 77)
        try fixture.scan { $0.write(record) }
        // Of a later sighting, whose result was the same.
        try fixture.execute("UPDATE image SET device = 99, inode = 98")
        let found = try #require(try candidates().first)
        #expect(found.identity == record.status.identity)
        #expect((found.imageID, found.path) == (1, record.path))
        #expect(try candidate(record.path) == found)
    }

    @Test func aNamedImageIsFoundByItsBytes() throws {
        let paths = [RawPath(bytes: [0x2F, 0xFF]), RawPath("/\\xff")]
        try fixture.scan { writer in
            for path in paths { writer.write(CheckedImage(path, .sample())) }
        }
        for (index, path) in paths.enumerated() {
            let found = try #require(try candidate(path))
            #expect((found.imageID, found.path, found.outcome) == (Int64(index + 1), path, .clean))
        }
        #expect(try candidate(RawPath(bytes: [0x2F, 0xFE])) == nil)
        #expect(try candidate(RawPath("/")) == nil)
        #expect(try candidate(host: "elsewhere", paths[0]) == nil)
    }
}
