import Files
import Foundation
import Glibc
import Lab
import QED
import TestSupport
import Testing

@testable import PoolScan

/// What a scan finds in a tree, and what it skips.
@Suite(.endsInTime) struct WalkerTests {
    private let pool: Pool

    init() throws { pool = try Pool() }

    @Test(arguments: 0..<6) func anyNumberOfWorkersFindsTheSame(_ round: Int) throws {
        let seed = Seed.next() &+ UInt64(round)
        _ = try RandomTree(in: pool, seed: seed)
        let alone = ScanRun([pool.root])
        for workers in [1, 8] {
            let run = ScanRun([pool.root]) { $0.workerCount = workers }
            #expect(run.facts == alone.facts, "QEDSCAN_SEED=\(seed), \(workers) workers")
            #expect(run.progress.files == alone.progress.files)
            #expect(run.progress.images == alone.progress.images)
            #expect(run.progress.problems == alone.progress.problems)
        }
        #expect(alone.errors.isEmpty)
    }

    @Test func withoutWorkersTheOrderIsAlwaysTheSame() throws {
        _ = try RandomTree(in: pool, seed: Seed.next())
        let first = ScanRun([pool.root])
        #expect(ScanRun([pool.root]).paths == first.paths)
    }

    @Test(arguments: [
        Array("line\nbreak".utf8), Array("\u{1B}[31m".utf8), [0xFF, 0xC0, 0x80], Array("-rf.qed".utf8), [0x20],
        Array("...".utf8), [UInt8](repeating: 0x41, count: 255),
    ])
    func namesAreBytes(_ name: [UInt8]) throws {
        let path = try pool.addImage(name)
        let run = ScanRun([pool.root])
        #expect(run.paths == texts([path]))
        #expect(run.results.first?.outcome == .clean)
        #expect(run.coverage.covers(path))
    }

    /// More entries than one system call gives, and names of any length.
    @Test(arguments: [0, 8]) func everyFileOfALargeDirectoryIsVisited(workers: Int) throws {
        try pool.addDirectory("large")
        for number in 0..<1500 {
            let name = "large/\(number)" + String(repeating: "x", count: number % 200)
            try Data("text".utf8).write(to: URL(fileURLWithPath: pool.directory.file(name)))
        }
        let images = try (0..<200).map { try pool.addImage("large/image \($0)") }
        let run = ScanRun([pool.root]) { $0.workerCount = workers }
        #expect(run.progress.files == 1700)
        #expect(run.paths.sorted() == texts(images).sorted())
        #expect(run.errors.isEmpty)
    }

    @Test func whatIsNoRegularFileIsSkipped() throws {
        mkfifo(pool.directory.file("fifo.qed"), 0o644)
        try pool.addDirectory("directory.qed")
        try pool.addImage("directory.qed/inside")
        pool.addLink("loop", to: "loop")
        pool.addLink("self", to: ".")
        pool.addLink("dangling.qed", to: "nowhere")
        pool.addLink("link.qed", to: "directory.qed/inside")
        let socket = try BoundSocket(pool.directory.file("socket.qed"))
        let run = ScanRun([pool.root])
        #expect(run.paths == texts([pool.path("directory.qed/inside")]))
        #expect(run.errors.isEmpty)
        #expect(run.progress.files == 1)
        withExtendedLifetime(socket) {}
    }

    @Test func aNamedPathMustBeAnImageOrADirectory() throws {
        mkfifo(pool.directory.file("fifo.qed"), 0o644)
        pool.addLink("dangling", to: "nowhere")
        let image = try pool.addImage("image")
        let run = ScanRun([pool.path("fifo.qed"), pool.path("dangling"), pool.path("missing"), image])
        #expect(run.errors.map(\.path) == [pool.path("fifo.qed"), pool.path("dangling"), pool.path("missing")])
        #expect(run.paths == texts([image]))
        #expect(!run.coverage.covers(pool.path("missing")))
    }

    @Test func aRootMayBeALinkAndImagesHaveTheirRealNames() throws {
        try pool.addDirectory("real")
        let image = try pool.addImage("real/image")
        pool.addLink("link", to: "real")
        #expect(ScanRun([pool.path("link")]).paths == texts([image]))
        #expect(ScanRun([pool.path("link/../real/./image")]).paths == texts([image]))
    }

    @Test func theMagicCountsNotTheName() throws {
        try pool.addImage("image.txt")
        try pool.addImage("cut.qed", defect: .zeroLength)
        _ = try pool.directory.write("QFI\u{FB}".utf8, to: "qcow2.qed")
        _ = try pool.directory.write("QE".utf8, to: "short.qed")
        let run = ScanRun([pool.root])
        #expect(run.paths == texts([pool.path("image.txt")]))
        #expect(run.progress.files == 4)
    }

    @Test(arguments: [0, 1, 8]) func hardLinksAreOneImageUnderTheSmallestName(workers: Int) throws {
        for order in [["a", "b", "c"], ["c", "b", "a"], ["b", "c", "a"]] {
            let pool = try Pool()
            for directory in order { try pool.addDirectory(directory) }
            try pool.addImage("\(order[0])/x")
            for directory in order.dropFirst() { pool.addHardLink("\(directory)/x", to: "\(order[0])/x") }
            let run = ScanRun([pool.root]) { $0.workerCount = workers }
            #expect(run.paths == texts([pool.path("a/x")]))
            let roots = order.map { pool.path($0) }
            #expect(ScanRun(roots) { $0.workerCount = workers }.paths == texts([pool.path("a/x")]))
        }
    }

    @Test(arguments: [0, 8]) func rootsThatOverlapGiveEachImageOnce(workers: Int) throws {
        try pool.addDirectory("sub/deep")
        let images = [try pool.addImage("1"), try pool.addImage("sub/2"), try pool.addImage("sub/deep/3")]
        let (sub, deep) = (pool.path("sub"), pool.path("sub/deep"))
        let orders = [
            [pool.root, pool.root], [pool.root, sub, deep], [deep, sub, pool.root], [images[2], pool.root, images[2]],
            [RawPath(pool.directory.path + "/"), RawPath(pool.directory.path + "/sub/..")],
        ]
        for roots in orders {
            let run = ScanRun(roots) { $0.workerCount = workers }
            #expect(run.paths.sorted() == texts(images))
            #expect(run.errors.isEmpty)
        }
    }

    @Test(.enabled(if: geteuid() == 0, "only root can mount")) func aBindMountGivesEachImageOnce() throws {
        try pool.addDirectory("real")
        try pool.addDirectory("bound")
        try pool.addImage("real/image")
        try #require(mount(pool.directory.file("real"), pool.directory.file("bound"), nil, UInt(MS_BIND), nil) == 0)
        defer { umount2(pool.directory.file("bound"), Int32(MNT_DETACH)) }
        #expect(ScanRun([pool.root]).results.count == 1)
        #expect(ScanRun([pool.root]) { $0.staysOnFileSystem = true }.results.count == 1)
    }

    @Test(.enabled(if: geteuid() == 0, "only root can mount")) func oneFileSystemLeavesOutAllOthers() throws {
        try pool.addDirectory("other")
        let image = try pool.addImage("image")
        try #require(mount("none", pool.directory.file("other"), "tmpfs", 0, "size=4m") == 0)
        defer { umount2(pool.directory.file("other"), Int32(MNT_DETACH)) }
        let other = try pool.addImage("other/image")
        let both = ScanRun([pool.root])
        #expect(both.paths.sorted() == texts([image, other]))
        #expect(both.coverage.mounts == [pool.path("other")])
        let run = ScanRun([pool.root]) { $0.staysOnFileSystem = true }
        #expect(run.paths == texts([image]) && run.coverage.mounts.isEmpty)
        #expect(!run.coverage.covers(other))
        #expect(ScanRun([pool.path("other")]) { $0.staysOnFileSystem = true }.paths == texts([other]))
    }

    @Test func patternsChooseFilesAndDirectories() throws {
        for directory in ["keep", "skip"] { try pool.addDirectory(directory) }
        let images = try ["keep/a.qed", "keep/b.img", "skip/c.qed"].map { try pool.addImage($0).text }
        func paths(_ include: [String], _ exclude: [String]) -> [String] {
            ScanRun([pool.root]) {
                $0.filter = PathFilter(include: include.map { RawPath($0) }, exclude: exclude.map { RawPath($0) })
            }.paths.sorted()
        }
        #expect(paths(["*.qed"], []) == [images[0], images[2]])
        #expect(paths([], ["skip"]) == [images[0], images[1]])
        #expect(paths(["*.qed"], ["skip"]) == [images[0]])
        #expect(paths([], ["*/keep/*"]) == [images[2]])
        #expect(paths(["*/keep/*", "c.*"], []) == images)
        #expect(paths(["["], []).isEmpty)
        #expect(paths(["*/keep/a*", "b.img"], ["*/c.qed", "a.*"]) == [images[1]])
    }
}

/// A socket with a name.
private final class BoundSocket {
    private let descriptor: Int32

    init(_ path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        try #require(path.utf8.count < MemoryLayout.size(ofValue: address.sun_path))
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let length = socklen_t(MemoryLayout<sockaddr_un>.size)
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
        }
        try #require(result == 0)
    }

    deinit { close(descriptor) }
}
