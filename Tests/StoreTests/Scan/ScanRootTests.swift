import Files
import ScanModel
import Testing

@testable import QED
@testable import Store

/// A pool that is offline has not lost its images.
@Suite struct ScanRootTests {
    private let fixture: StoreFixture

    init() throws { fixture = try StoreFixture() }

    private let coversNothing: (RawPath) -> Bool = { _ in false }
    private let coversOnlyC: (RawPath) -> Bool = { $0.text == "/poo/c" }

    private func root(_ path: String, device: UInt64?) -> ScannedRoot {
        ScannedRoot(path: RawPath(path), file: device.map { FileKey(device: $0, inode: 2) })
    }

    private func presentImages() throws -> [String] {
        try fixture.lines("SELECT path FROM image WHERE missing_since_scan_id IS NULL ORDER BY path")
    }

    private func states() throws -> [String] {
        try fixture.lines("SELECT scan_id, path, device, state, images FROM scan_root ORDER BY scan_id, number")
    }

    private func fill(_ device: UInt64 = 5) throws {
        try fixture.scan(roots: [root("/pool", device: device), root("/poo", device: 1)]) { writer in
            writer.write("/pool/a", inode: 1)
            writer.write("/pool/b", inode: 2)
            writer.write("/poo/c", inode: 3)
        }
    }

    @Test func aMissingMountLeavesItsImagesPresent() throws {
        try fill()
        for _ in 0..<2 {
            let totals = try fixture.scan(roots: [root("/pool", device: 6), root("/poo", device: 1)]) { _ in }
            #expect(totals.pathErrors == 1)
            #expect(totals.unmounted.map(\.path) == [RawPath("/pool")])
        }
        #expect(try presentImages() == ["/pool/a", "/pool/b"])
        #expect(
            try states() == [
                "1|/pool|5|read|2", "1|/poo|1|read|1", "2|/pool|6|not-mounted|0", "2|/poo|1|read|0",
                "3|/pool|6|not-mounted|0", "3|/poo|1|read|0",
            ])
        let message = "/pool is another file system than at the last scan and holds no image: not mounted?"
        #expect(
            try fixture.lines("SELECT path, message FROM path_error")
                == ["/pool|\(message)", "/pool|\(message)"])
        try fill()
        #expect(try presentImages().count == 3)
        #expect(try fixture.lines("SELECT path FROM scan_change WHERE scan_id = 4") == ["/poo/c"])
    }

    @Test func anImageThereShowsThatItIsMounted() throws {
        try fill()
        let totals = try fixture.scan(roots: [root("/pool", device: 6)]) { $0.write("/pool/new", inode: 9) }
        #expect((totals.missing, totals.pathErrors) == (3, 0))
    }

    @Test func theSameFileSystemWithoutImagesHasLostThem() throws {
        try fill()
        let totals = try fixture.scan(roots: [root("/pool", device: 5)]) { _ in }
        #expect((totals.missing, totals.pathErrors, totals.unmounted.count) == (3, 0, 0))
    }

    /// The device has another number there, the directory the same one: if not, something is to be mounted on it.
    @Test(arguments: [(2, true), (7, false)] as [(UInt64, Bool)])
    func onAnotherMachineOfThePoolTheInodeTells(_ inode: UInt64, _ isMounted: Bool) throws {
        try fixture.scan(host: "pool:p", node: "a", roots: [root("/pool", device: 5)]) { $0.write("/pool/a", inode: 1) }
        let other = ScannedRoot(path: RawPath("/pool"), file: FileKey(device: 6, inode: inode))
        let totals = try fixture.scan(host: "pool:p", node: "b", roots: [other]) { _ in }
        #expect((totals.missing, totals.unmounted.count) == (isMounted ? (1, 0) : (0, 1)))
    }

    @Test func whatTheScanDoesNotCoverIsNoLoss() throws {
        try fill()
        let totals = try fixture.scan(roots: [root("/pool", device: 6)], covers: coversOnlyC) { _ in }
        #expect((totals.missing, totals.unmounted.count) == (1, 0))
    }

    @Test func unreadableAndInterruptedRootsAreRecorded() throws {
        try fill()
        try fixture.scan(roots: [root("/pool", device: nil)], covers: coversNothing) { _ in }
        try fixture.scan(isInterrupted: true, roots: [root("/pool", device: 6)]) { _ in }
        #expect(try states().suffix(2) == ["2|/pool|-|unreadable|0", "3|/pool|6|interrupted|0"])
        #expect(try presentImages().count == 3)
        // The last scan that read it decides.
        let totals = try fixture.scan(roots: [root("/pool", device: 6)]) { _ in }
        #expect(totals.unmounted.count == 1)
    }

    @Test func theWholeFileSystemMayBeARoot() throws {
        try fixture.scan(roots: [root("/", device: 5)]) { $0.write("/pool/a", inode: 1) }
        #expect(try states() == ["1|/|5|read|1"])
        let totals = try fixture.scan(roots: [root("/", device: 6)]) { _ in }
        #expect((totals.missing, totals.unmounted.count) == (0, 1))
    }
}
