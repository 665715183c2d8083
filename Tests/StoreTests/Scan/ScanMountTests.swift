import Files
import ScanModel
import Testing

@testable import QED
@testable import Store

/// A file system below a root that is offline has not lost its images.
@Suite struct ScanMountTests {
    private let fixture: StoreFixture

    init() throws { fixture = try StoreFixture() }

    /// A scan of roots that goes through mount points and sees images.
    @discardableResult
    private func scan(
        _ roots: [String] = ["/srv"], mounts: [String] = [], isDirectory: @escaping (RawPath) -> Bool = { _ in true },
        _ images: String...
    ) throws -> ScanTotals {
        try fixture.scan(
            roots: roots.map { ScannedRoot(path: RawPath($0), file: FileKey(device: 5, inode: 2)) }, mounts: mounts,
            isDirectory: isDirectory,
            covers: { path in roots.contains { path.isWithin(RawPath($0)) } },
            { writer in for (number, image) in images.enumerated() { writer.write(image, inode: UInt64(number + 1)) } })
    }

    private func presentImages() throws -> [String] {
        try fixture.lines("SELECT path FROM image WHERE missing_since_scan_id IS NULL ORDER BY path")
    }

    @Test func aMissingMountLeavesItsImagesPresent() throws {
        try scan(mounts: ["/srv/a"], "/srv/a/1", "/srv/a/x/2", "/srv/b/3", "/srv/ab")
        for _ in 0..<2 {
            let totals = try scan()
            #expect(totals.unmounted.map(\.path) == [RawPath("/srv/a")])
            #expect(totals.pathErrors == 1)
        }
        #expect(try presentImages() == ["/srv/a/1", "/srv/a/x/2"])
        let message = "/srv/a is no longer a mount point and holds no image: not mounted?"
        #expect(
            try fixture.lines("SELECT path, operation, message FROM path_error")
                == ["/srv/a|mount|\(message)", "/srv/a|mount|\(message)"])
        // Mounted again, it has lost one of them.
        let totals = try scan(mounts: ["/srv/a"], "/srv/a/1")
        #expect((totals.missing, totals.pathErrors) == (1, 0))
        #expect(try presentImages() == ["/srv/a/1"])
    }

    @Test func aMountThatIsThereHasLostThem() throws {
        try scan(mounts: ["/srv/a"], "/srv/a/1")
        let totals = try scan(mounts: ["/srv/a"])
        #expect((totals.missing, totals.pathErrors) == (1, 0))
    }

    @Test func aDirectoryThatIsGoneIsNoMountPoint() throws {
        try scan(mounts: ["/srv/a"], "/srv/a/1")
        let totals = try scan(isDirectory: { $0.text != "/srv/a" })
        #expect((totals.missing, totals.pathErrors) == (1, 0))
    }

    @Test func anImageThereShowsThatTheDirectoryIsMeant() throws {
        try scan(mounts: ["/srv/a"], "/srv/a/1", "/srv/a/2")
        let totals = try scan(["/srv"], "/srv/a/1")
        #expect((totals.missing, totals.pathErrors) == (1, 0))
    }

    @Test func aRootIsNoMountPointBelowOne() throws {
        for root in ["/srv/a", "/srv/a/x"] {
            try scan(mounts: ["/srv/a"], "/srv/a/x/1")
            let totals = try scan([root])
            #expect((totals.missing, totals.pathErrors) == (1, 0), "\(root)")
        }
    }

    @Test func theOutermostMountIsNamed() throws {
        try scan(mounts: ["/srv/a", "/srv/a/x"], "/srv/a/1")
        try scan(mounts: ["/srv/a", "/srv/a/x"], "/srv/a/x/2", "/srv/a/1")
        let totals = try scan()
        #expect(totals.unmounted.map(\.path) == [RawPath("/srv/a")])
        #expect(try presentImages() == ["/srv/a/1", "/srv/a/x/2"])
    }

    @Test func imagesFromBeforeTheMountAreMissing() throws {
        try scan(["/srv"], "/srv/a/old")
        try scan(mounts: ["/srv/a"], "/srv/a/new")
        #expect(try presentImages() == ["/srv/a/new"])
        #expect(try scan().missing == 0)
        #expect(try presentImages() == ["/srv/a/new"])
    }
}
