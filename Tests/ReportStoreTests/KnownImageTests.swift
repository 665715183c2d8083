import Testing

@testable import QED
@testable import ReportStore

/// Which results may be used again.
@Suite struct KnownImageTests {
    private let fixture: StoreFixture

    init() throws { fixture = try StoreFixture() }

    private func known(host: String = StoreFixture.host, oldest: String? = nil) throws -> [KnownImageRecord] {
        var records: [KnownImageRecord] = []
        try ReportStore(reading: fixture.path).forEachKnownImage(host: host, oldest: oldest) { records.append($0) }
        return records
    }

    private func scan(_ record: CheckRecord) throws { try fixture.scan { $0.write(record) } }

    @Test func aConclusiveResultOfAnOldFileIs() throws {
        let record = CheckRecord(
            RawPath("/pool/a"),
            .sample {
                $0.features = .needCheck
            } _: {
                $0.leaks = 3
            }, inode: .max)
        try scan(record)
        let known = try #require(try known().first)
        #expect(known.identity == record.status.identity)
        #expect((known.imageID, known.outcome, known.isDirty, known.path) == (1, .leaking, true, record.path))
    }

    @Test(arguments: [
        // The check was at 5.678 s of a minute.
        (3_000_000_000, true), (2_999_000_000, true), (3_000_000_001, false), (4_000_000_000, false),
        (5_678_000_000, false), (60_000_000_000, false),
    ])
    func theFileWasAtRestForTwoSeconds(changedAt: Int64, isKnown: Bool) throws {
        let minute = CheckRecord.time - 5_678_000_000
        try scan(CheckRecord(RawPath("/pool/a"), .sample(), changeTime: minute + changedAt))
        #expect(try known().isEmpty != isKnown)
    }

    @Test(arguments: Outcome.allCases) func onlyConclusiveOutcomes(_ outcome: Outcome) throws {
        try scan(CheckRecord(RawPath("/pool/a"), .sample(), outcome: outcome))
        #expect(try known().isEmpty == ![.clean, .leaking, .corrupt].contains(outcome))
    }

    @Test func onlyTheLatestResultOfAnImage() throws {
        try scan(CheckRecord(RawPath("/pool/a"), .sample()))
        try scan(CheckRecord(RawPath("/pool/a"), nil, outcome: .inUse))
        #expect(try known().isEmpty)
    }

    @Test func onlyOfThisVersionOfTheCheckerAndThisHost() throws {
        try scan(CheckRecord(RawPath("/pool/a"), .sample()))
        #expect(try known().count == 1)
        #expect(try known(host: "other").isEmpty)
        try fixture.execute("UPDATE check_result SET checker_version = checker_version + 1")
        #expect(try known().isEmpty)
    }

    @Test func onlyAsOldAsTheCallerTrusts() throws {
        try scan(CheckRecord(RawPath("/pool/a"), .sample()))
        #expect(try known(oldest: "2026-01-02 03:04:05.678").count == 1)
        #expect(try known(oldest: "2026-01-02 03:04:05.679").isEmpty)
    }

    @Test func imagesThatWereThereAreCounted() throws {
        try fixture.scan { for path in ["/a", "/b"] { $0.write(CheckRecord(RawPath(path), .sample())) } }
        #expect(try ReportStore(reading: fixture.path).presentImageCount(host: StoreFixture.host) == 2)
        try fixture.scan { $0.writeReused(imageID: 1, outcome: .clean, isDirty: false) }
        #expect(try ReportStore(reading: fixture.path).presentImageCount(host: StoreFixture.host) == 1)
        #expect(try ReportStore(reading: fixture.path).presentImageCount(host: "other") == 0)
    }

    @Test func imagesBelowSomeRootsAreCounted() throws {
        let paths = ["/pool/a", "/pool/b/c", "/pool2/d", "/pool", "/other/e"]
        try fixture.scan { for path in paths { $0.write(CheckRecord(RawPath(path), .sample())) } }
        let store = try ReportStore(reading: fixture.path)
        func count(_ roots: String...) throws -> Int {
            try store.presentImageCount(host: StoreFixture.host, roots: roots.map { RawPath($0) })
        }
        #expect(try [count("/pool"), count("/pool/b"), count("/"), count("/none"), count("/poo")] == [3, 1, 5, 0, 0])
        #expect(try count("/pool", "/pool/b", "/other/e") == 4, "none twice")
    }
}
