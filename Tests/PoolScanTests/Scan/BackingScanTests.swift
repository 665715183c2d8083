import Files
import Foundation
import Glibc
import Lab
import QED
import ScanModel
import TestSupport
import Testing

@testable import PoolScan

/// What the names of backing files lead to.
@Suite struct BackingScanTests {
    private let pool: Pool

    init() throws { pool = try Pool() }

    private func addOverlay(_ name: String, on backing: String, isRaw: Bool = false) throws {
        unlink(pool.directory.file(name))
        var plan = Pool.plan
        plan.backingFilename = backing
        plan.backingIsRaw = isRaw
        try pool.addImage(name, plan)
    }

    /// What a scan finds below the image of a name.
    private func link(_ name: String) throws -> BackingLink {
        let result = try #require(ScanRun([pool.root]).results.first { $0.path == pool.path(name) })
        guard case .link(let link) = result.backing else { throw NoLink(backing: result.backing) }
        return link
    }

    private struct NoLink: Error { let backing: ImageBacking }

    private func base(_ backing: String) throws -> BackingTarget {
        try addOverlay("overlay", on: backing)
        return try #require(try link("overlay").base)
    }

    @Test func aFileThatIsThereIsDescribed() throws {
        let image = try pool.addImage("base.qed")
        let base = try base("base.qed")
        let identity = try FileStatus(directory: AT_FDCWD, name: image.bytes).identity
        #expect((base.path, base.state, base.code, base.fileType) == (image, .found, 0, .regular))
        #expect((base.device, base.inode) == (identity.device, identity.inode))
        #expect(base.modificationTime == identity.modificationTime)
        #expect((base.isQED, base.virtualSize) == (true, 4 << 20))
        let link = try link("overlay")
        #expect((link.kind, link.reference.isRaw, link.reference.imageSize) == (.file, false, 4 << 20))
        #expect(try #require(link.reference.birthTime) > 1_600_000_000_000_000_000)
    }

    @Test func aRawFileIsAsLargeAsItIs() throws {
        _ = try pool.directory.write([UInt8](repeating: 7, count: 1536), to: "base.raw")
        try addOverlay("overlay", on: "base.raw", isRaw: true)
        let link = try link("overlay")
        #expect(link.reference.isRaw)
        #expect((link.base?.isQED, link.base?.virtualSize) == (false, 1536))
    }

    @Test func anotherFormatHasItsOwnSize() throws {
        _ = try pool.directory.write(
            Array("QFI\u{FB}".unicodeScalars.map { UInt8($0.value) }) + [0, 0, 0, 3], to: "qcow2")
        #expect(try base("qcow2").virtualSize == nil)
    }

    @Test(arguments: ["sub/../base.qed", "./base.qed", "link/../base.qed", "link/./up.qed", "to-base"])
    func theSystemResolvesTheName(_ name: String) throws {
        let image = try pool.addImage("base.qed")
        try pool.addDirectory("sub/deep")
        pool.addLink("link", to: "sub/deep")
        pool.addLink("to-base", to: "base.qed")
        // `link/..` is `sub`, as the system takes it, not the pool.
        let inSub = try pool.addImage("sub/base.qed")
        pool.addLink("sub/deep/up.qed", to: "../base.qed")
        #expect(try base(name).path == (name.hasPrefix("link") ? inSub : image))
    }

    @Test func whatIsNotThereIsMissing() throws {
        let gone = try base("gone.qed")
        #expect((gone.path, gone.state, gone.code) == (pool.path("gone.qed"), .missing, ENOENT))
        pool.addLink("dangling", to: "gone")
        for name in ["gone/../x", "dangling", "overlay/x", "gone/"] {
            #expect(try base(name).state == .missing, "\(name)")
        }
    }

    @Test func aFIFOIsNotWaitedForAndNoDeviceIsOpened() throws {
        #expect(mkfifo(pool.directory.file("pipe"), 0o600) == 0)
        try pool.addDirectory("sub")
        let cases: [(String, FileType?)] = [
            ("pipe", .fifo), ("sub", .directory), ("/dev/null", .character), (".", .directory), ("/proc/version", nil),
        ]
        for (name, type) in cases {
            let base = try base(name)
            #expect((base.state, base.fileType, base.isQED) == (.notRegular, type, false), "\(name)")
        }
    }

    /// Its format, which only its bytes tell, stays unknown.
    @Test func theStoreIsNotOpened() throws {
        let image = try pool.addImage("store.db")
        try addOverlay("overlay", on: "store.db")
        let key = try pool.key("store.db")
        let run = ScanRun([pool.root]) { $0.ownFiles = [key] }
        #expect(run.paths == [pool.path("overlay").text])
        guard case .link(let link) = run.results[0].backing else { throw NoLink(backing: run.results[0].backing) }
        #expect((link.base?.path, link.base?.state, link.base?.isQED) == (image, .found, false))
    }

    @Test func aLoopOfLinksEnds() throws {
        pool.addLink("a", to: "b")
        pool.addLink("b", to: "a")
        let base = try base("a")
        #expect((base.state, base.code) == (.loop, ELOOP))
    }

    @Test func aNameThatIsTooLongIsNotMissing() throws {
        let base = try base(String(repeating: "x", count: 300))
        #expect((base.state, base.code) == (.unreadable, ENAMETOOLONG))
        let deep = try self.base(String(repeating: "x/", count: 1000))
        #expect(deep.state == .missing)
    }

    @Test(arguments: [
        ("json:{\"driver\":\"qed\"}", BackingName.Kind.json), ("nbd://host/x", .protocolName),
        ("a:b.qed", .protocolName),
        ("file:base.qed", .protocolName), ("http://host/x", .protocolName), (":", .protocolName),
    ])
    func whatIsNoFileIsNotOpened(name: String, kind: BackingName.Kind) throws {
        try addOverlay("overlay", on: name)
        let link = try link("overlay")
        #expect((link.kind, link.base) == (kind, nil))
        #expect(link.reference.name.bytes == Array(name.utf8))
    }

    @Test func aColonAfterASlashIsNoProtocol() throws {
        let image = try pool.addImage("a:b.qed")
        #expect(try base("./a:b.qed").path == image)
        #expect(try base("file:" + image.text).path == image)
    }

    @Test func cyclesAndSelfReferencesEnd() throws {
        try addOverlay("self", on: "self")
        try addOverlay("a", on: "b")
        try addOverlay("b", on: "a")
        let run = ScanRun([pool.root]) { $0.workerCount = 4 }
        #expect(run.results.count == 3)
        for result in run.results {
            guard case .link(let link) = result.backing else { throw NoLink(backing: result.backing) }
            #expect(link.base?.state == .found)
        }
    }

    @Test func anEmptyNameIsNoBackingFile() throws {
        try addOverlay("overlay", on: "\0base")
        try pool.addImage("plain")
        for result in ScanRun([pool.root]).results { #expect(result.backing == .none) }
    }

    @Test func anUnusableHeaderTellsNothing() throws {
        try addOverlay("overlay", on: "base")
        try ImageEditor(path: pool.path("overlay")).write(0x80, to: .features)
        #expect(ScanRun([pool.root]).results.map(\.backing) == [.unknown])
    }

    @Test func theBaseOfAReusedOverlayIsLookedAtAgain() throws {
        let image = try pool.addImage("base.qed")
        try addOverlay("overlay", on: "base.qed")
        let overlay = pool.path("overlay")
        let reference = try link("overlay").reference
        let identity = try FileStatus(directory: AT_FDCWD, name: overlay.bytes).identity
        unlink(image.text)
        let run = ScanRun([pool.root]) {
            $0.known.insert(
                KnownImage(
                    imageID: 5, path: PathHash(overlay), identity: identity, outcome: .clean, isDirty: false,
                    reference: reference))
        }
        guard case .link(let link) = try #require(run.reused.first).backing else {
            throw NoLink(backing: .unknown)
        }
        #expect(link.base?.state == .missing)
        #expect(link.reference == reference)
    }
}
