import Files
import ScanModel
import Testing

@testable import QED
@testable import Store

/// Which results may be reused.
@Suite struct KnownImageTests {
    private let fixture: StoreFixture

    init() throws { fixture = try StoreFixture() }

    private func known(host: String = StoreFixture.host, oldest: String? = nil) throws -> [KnownImage] {
        try knownWithPaths(host: host, oldest: oldest).map(\.record)
    }

    private func knownWithPaths(
        host: String = StoreFixture.host, oldest: String? = nil
    ) throws -> [(record: KnownImage, path: RawPath)] {
        try ScanStore(reading: fixture.path).knownImages(host: host, oldest: oldest).map {
            ($0, try fixture.path(of: $0))
        }
    }

    private func scan(_ record: CheckedImage) throws { try fixture.scan { $0.write(record) } }

    @Test func aConclusiveResultOfAnOldFileIsReused() throws {
        let record = CheckedImage(
            RawPath("/pool/a"),
            .sample {
                $0.features = .needCheck
            } _: {
                $0.leaks = 3
            }, inode: .max)
        try scan(record)
        let (known, path) = try #require(try knownWithPaths().first)
        #expect(known.identity == record.status.identity)
        #expect((known.imageID, known.outcome, known.isDirty, path) == (1, .leaking, true, record.path))
    }

    @Test(arguments: [
        // The check was at 5.678 s of a minute.
        (3_000_000_000, true), (2_999_000_000, true), (3_000_000_001, false), (4_000_000_000, false),
        (5_678_000_000, false), (60_000_000_000, false),
    ])
    func onlyResultsOfFilesQuietForTwoSecondsAreReused(changedAt: Int64, isKnown: Bool) throws {
        let minute = CheckedImage.time - 5_678_000_000
        try scan(CheckedImage(RawPath("/pool/a"), .sample(), changeTime: minute + changedAt))
        #expect(try known().isEmpty != isKnown)
    }

    @Test(arguments: Outcome.allCases) func onlyConclusiveOutcomesAreReused(_ outcome: Outcome) throws {
        try scan(CheckedImage(RawPath("/pool/a"), .sample(), outcome: outcome))
        #expect(try known().isEmpty == ![.clean, .leaking, .corrupt].contains(outcome))
    }

    /// Several connections, each with its part of the rows, give what one gives, in the same order.
    @Test func severalThreadsReadWhatOneReads() throws {
        try scan(CheckedImage(RawPath("/pool/a"), .sample()))
        // Gaps among the rows, and images without a result that may be used.
        try fixture.execute(
            """
            WITH RECURSIVE n (id) AS (SELECT 2 UNION ALL SELECT id + 1 FROM n WHERE id < 30010)
            INSERT INTO image (id, host, path, device, inode, first_scan_id, last_scan_id)
            SELECT id, 'test', '/pool/' || id, 1, id, 1, 1 FROM n WHERE id % 7 <> 3;
            INSERT INTO check_result (image_id, scan_id, checked_at, duration_us, checker_version, outcome, device,
                inode, file_size, mtime_ns, ctime_ns, disk_size)
            SELECT image.id, 1, checked_at, 1, checker_version, iif(image.id % 5, 'clean', 'in_use'), 1, image.inode,
                4096, 0, 0, 4096
            FROM image JOIN check_result ON check_result.id = 1 WHERE image.id > 1
            """)
        let store = try ScanStore(reading: fixture.path)
        let one = try store.knownImages(host: StoreFixture.host, oldest: nil).map(\.imageID)
        let expected = (Int64(1)...30010).filter { (id: Int64) -> Bool in id == 1 || (id % 7 != 3 && id % 5 != 0) }
        #expect(one == expected)
        for threadCount in [2, 3, 100] {
            let several = try store.knownImages(host: StoreFixture.host, oldest: nil, threadCount: threadCount)
                .map(\.imageID)
            #expect(several == one)
        }
    }

    @Test func onlyTheLatestResultOfAnImageIsReused() throws {
        try scan(CheckedImage(RawPath("/pool/a"), .sample()))
        try scan(CheckedImage(RawPath("/pool/a"), nil, outcome: .inUse))
        #expect(try known().isEmpty)
    }

    @Test func onlyResultsOfThisCheckerAndHostAreReused() throws {
        try scan(CheckedImage(RawPath("/pool/a"), .sample()))
        #expect(try known().count == 1)
        #expect(try known(host: "other").isEmpty)
        try fixture.execute("UPDATE check_result SET checker_version = checker_version + 1")
        #expect(try known().isEmpty)
    }

    @Test func onlyResultsAsRecentAsAskedForAreReused() throws {
        try scan(CheckedImage(RawPath("/pool/a"), .sample()))
        #expect(try known(oldest: "2026-01-02 03:04:05.678").count == 1)
        #expect(try known(oldest: "2026-01-02 03:04:05.679").isEmpty)
    }

    @Test func imagesThatWereThereAreCounted() throws {
        try fixture.scan { for path in ["/a", "/b"] { $0.write(CheckedImage(RawPath(path), .sample())) } }
        #expect(try ScanStore(reading: fixture.path).presentImageCount(host: StoreFixture.host) == 2)
        try fixture.scan { $0.writeReused(imageID: 1, outcome: .clean, isDirty: false) }
        #expect(try ScanStore(reading: fixture.path).presentImageCount(host: StoreFixture.host) == 1)
        #expect(try ScanStore(reading: fixture.path).presentImageCount(host: "other") == 0)
    }

    @Test func imagesBelowSomeRootsAreCounted() throws {
        let paths = ["/pool/a", "/pool/b/c", "/pool2/d", "/pool", "/other/e"]
        try fixture.scan { for path in paths { $0.write(CheckedImage(RawPath(path), .sample())) } }
        let store = try ScanStore(reading: fixture.path)
        func count(_ roots: String...) throws -> Int {
            try store.presentImageCount(host: StoreFixture.host, roots: roots.map { RawPath($0) })
        }
        #expect(try [count("/pool"), count("/pool/b"), count("/"), count("/none"), count("/poo")] == [3, 1, 5, 0, 0])
        #expect(try count("/pool", "/pool/b", "/other/e") == 4, "none twice")
    }
}
