import Files
import QED
import Testing

@testable import PoolScan

/// Where a scan may report an image as missing.
@Suite struct CoverageTests {
    private func coverage(
        _ roots: [String], unread: [String] = [], filter: PathFilter = PathFilter(), isComplete: Bool = true
    ) -> Coverage {
        var coverage = Coverage(filter: filter)
        for root in roots { coverage.addRoot(RawPath(root)) }
        for path in unread { coverage.addUnread(RawPath(path)) }
        coverage.isComplete = isComplete
        return coverage
    }

    @Test func onlyPathsBelowARootAreCovered() {
        let coverage = coverage(["/pool", "/other/image.qed"])
        for path in ["/pool/a", "/pool/x/y/z", "/pool", "/other/image.qed"] { #expect(coverage.covers(RawPath(path))) }
        for path in ["/poo", "/pool2/a", "/", "/other", "/other/image.qed2", "pool/a"] {
            #expect(!coverage.covers(RawPath(path)))
        }
    }

    @Test func theRootDirectoryCoversEverything() {
        #expect(coverage(["/"]).covers(RawPath("/a")))
        #expect(coverage(["/"]).covers(RawPath("/a/b")))
    }

    @Test func nothingBelowAnUnreadDirectoryIsCovered() {
        let coverage = coverage(["/pool", "/pool/x/again"], unread: ["/pool/x"])
        #expect(coverage.covers(RawPath("/pool/a")))
        #expect(coverage.covers(RawPath("/pool/xy/a")))
        #expect(!coverage.covers(RawPath("/pool/x/a")))
        #expect(!coverage.covers(RawPath("/pool/x/again/a")))
    }

    @Test func nothingThatTheFilterExcludesIsCovered() {
        let filter = PathFilter(include: [RawPath("*.qed")], exclude: [RawPath("old*")])
        let coverage = coverage(["/pool"], filter: filter)
        #expect(coverage.covers(RawPath("/pool/a.qed")))
        #expect(!coverage.covers(RawPath("/pool/a.img")))
        #expect(!coverage.covers(RawPath("/pool/old.qed")))
    }

    @Test func nothingIsCoveredBeforeTheEnd() {
        #expect(!coverage(["/pool"], isComplete: false).covers(RawPath("/pool/a")))
    }

    @Test func excludedDirectoriesAreNotCovered() throws {
        let pool = try Pool()
        try pool.addDirectory("skip")
        let image = try pool.addImage("skip/a")
        let run = ScanRun([pool.root]) { $0.filter = PathFilter(exclude: [RawPath("skip")]) }
        #expect(!run.coverage.covers(image))
        #expect(run.coverage.covers(pool.path("gone/a")))
    }
}
