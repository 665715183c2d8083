import Files
import Foundation
import Glibc
import Lab
import QED
import ScanModel
import TestSupport
import Testing

@testable import PoolScan

/// From a file to its result.
@Suite(.endsInTime) struct ScannerTests {
    private let pool: Pool

    init() throws { pool = try Pool() }

    @Test(arguments: [0, 8]) func ownFilesAreNeverOpened(workers: Int) throws {
        let own = try pool.addImage("own.qed")
        let other = try pool.addImage("other.qed")
        pool.addHardLink("second-name.qed", to: "own.qed")
        pool.addLink("link", to: "own.qed")
        let key = try pool.key("own.qed")
        let watch = try OpenWatch(own)
        let run = ScanRun([pool.root, own, pool.path("link")]) {
            $0.workerCount = workers
            $0.ownFiles = [key]
        }
        #expect(run.paths == texts([other]))
        #expect(try watch.count() == 0)
    }

    @Test(.enabled(if: geteuid() == 0, "only root can mount")) func ownFilesOnAnOverlayAreNeverOpened() throws {
        for name in ["lower", "upper", "merged"] { try pool.addDirectory(name) }
        try #require(mount("none", pool.directory.file("upper"), "tmpfs", 0, "size=4m") == 0)
        defer { umount2(pool.directory.file("upper"), Int32(MNT_DETACH)) }
        for name in ["files", "work"] { try pool.addDirectory("upper/\(name)") }
        let (lower, upper) = (pool.directory.file("lower"), pool.directory.file("upper"))
        let layers = "lowerdir=\(lower),upperdir=\(upper)/files,workdir=\(upper)/work"
        guard mount("overlay", pool.directory.file("merged"), "overlay", 0, layers) == 0 else {
            try Test.cancel("there is no overlay file system")
        }
        defer { umount2(pool.directory.file("merged"), Int32(MNT_DETACH)) }
        try pool.addImage("merged/own.qed")
        let other = try pool.addImage("merged/other.qed")
        let key = try pool.key("merged/own.qed")
        #expect(ScanRun([pool.path("merged")]) { $0.ownFiles = [key] }.paths == texts([other]))
    }

    @Test func knownResultsAreReusedWhileTheFileIsTheSame() throws {
        let image = try pool.addImage("image")
        let status = try FileStatus(directory: AT_FDCWD, name: image.bytes)
        func run(path: RawPath, _ identity: FileIdentity, roots: [RawPath]) -> ScanRun {
            var known = KnownResults()
            known.insert(
                KnownImage(imageID: 5, path: PathHash(path), identity: identity, outcome: .leaking, isDirty: true))
            return ScanRun(roots) { $0.known = known }
        }
        let identity = status.identity
        let changed = FileIdentity(
            device: identity.device, inode: identity.inode, size: identity.size,
            modificationTime: identity.modificationTime, changeTime: identity.changeTime - 1)
        #expect(run(path: image, identity, roots: [pool.root]).facts == ["reused 5"])
        #expect(run(path: image, identity, roots: [image]).facts == ["reused 5"], "by its own path too")
        #expect(run(path: image, identity, roots: [pool.root, image, pool.root]).reused.count == 1)
        #expect(run(path: image, changed, roots: [pool.root]).results.count == 1)
        #expect(run(path: pool.path("renamed"), identity, roots: [pool.root]).results.count == 1)
    }

    @Test func resultsOfHardLinksAreReusedUnderTheSmallestNameOnly() throws {
        let image = try pool.addImage("b")
        pool.addHardLink("c", to: "b")
        var known = KnownResults()
        let identity = try FileStatus(directory: AT_FDCWD, name: image.bytes).identity
        known.insert(
            KnownImage(imageID: 5, path: PathHash(image), identity: identity, outcome: .clean, isDirty: false))
        #expect(ScanRun([pool.root]) { $0.known = known }.facts == ["reused 5"])
        pool.addHardLink("a", to: "b")
        let run = ScanRun([pool.root]) { $0.known = known }
        #expect(run.paths == texts([pool.path("a")]))
        #expect(run.reused.isEmpty)
    }

    @Test(arguments: [0, 1, 4]) func cancellationEndsSoonWithoutAResult(workers: Int) throws {
        for number in 0..<12 { try pool.addImage("\(number)", Pool.slowPlan) }
        let cancellation = Cancellation()
        let cancel: @Sendable (ScanEvent) -> Void = { _ in cancellation.cancel() }
        let run = ScanRun([pool.root], cancellation: cancellation, { $0.workerCount = workers }, onEvent: cancel)
        // Others may be done at the same moment; none is begun any more, and those under way give nothing.
        #expect(run.results.count <= max(workers, 1))
        #expect(run.results.allSatisfy { $0.outcome == .clean })
        #expect(run.errors.isEmpty)
        #expect(run.progress.images == run.results.count)
    }

    @Test func aCancelledScanDoesNothing() throws {
        try pool.addImage("image")
        let cancellation = Cancellation()
        cancellation.cancel()
        let run = ScanRun([pool.root], cancellation: cancellation) { $0.workerCount = 8 }
        #expect(run.events.isEmpty)
        #expect(!run.coverage.covers(pool.path("gone")))
    }

    @Test(arguments: [1, 8]) func imagesWithoutMemoryAreCheckedAgainAlone(workers: Int) throws {
        for number in 0..<12 { try pool.addImage("\(number)", defect: number % 3 == 0 ? .clusterLeaked : nil) }
        let free = ScanRun([pool.root])
        // A map needs 8 bytes of root, 8 of a page and a leaf of 4 KiB: this is enough for one.
        let run = ScanRun([pool.root]) {
            $0.workerCount = workers
            $0.limits.memory = MemoryBudget(limit: 6 << 10)
        }
        #expect(run.facts == free.facts)
        #expect(run.progress.images == 12)
        #expect(run.results.allSatisfy { $0.report?.stop == nil })
    }

    @Test(arguments: [0, 8]) func anImageThatNeedsMoreThanAllMemoryIsIncompleteOnce(workers: Int) throws {
        try pool.addImage("1")
        try pool.addImage("2")
        let run = ScanRun([pool.root]) {
            $0.workerCount = workers
            $0.limits.memory = MemoryBudget(limit: 2 << 10)
        }
        #expect(run.paths.sorted() == texts([pool.path("1"), pool.path("2")]))
        #expect(run.results.allSatisfy { $0.outcome == .incomplete && $0.message != nil })
    }

    @Test func imagesOfOneDirectoryAreCheckedAtTheSameTime() throws {
        for number in 0..<4 { try pool.addImage("\(number)") }
        let (waiting, most) = (Locked(0), Locked(0))
        // Each result holds its worker until all four are there: one worker alone would wait in vain.
        let meet: @Sendable (ScanEvent) -> Void = { _ in
            let now = waiting.withLock { count in
                count += 1
                return count
            }
            most.withLock { $0 = max($0, now) }
            let deadline = Date.now.addingTimeInterval(100)
            while most.withLock({ $0 }) < 4, Date.now < deadline { usleep(1000) }
            waiting.withLock { $0 -= 1 }
        }
        _ = ScanRun([pool.root], { $0.workerCount = 4 }, onEvent: meet)
        #expect(most.withLock { $0 } == 4)
    }

    @Test func anImageThatCannotBeReadIsNotAMissingOne() throws {
        try pool.addImage("other")
        let run = ScanRun([pool.root])
        #expect(run.coverage.covers(pool.path("gone")))
        var coverage = run.coverage
        coverage.addUnread(pool.path("unreadable"))
        #expect(!coverage.covers(pool.path("unreadable")))
    }

    @Test func imagesThatAWriterHasOpenAreNotChecked() throws {
        let image = try pool.addImage("image", defect: .clusterLeaked)
        let descriptor = image.withCString { open($0, O_RDWR | O_CLOEXEC) }
        defer { close(descriptor) }
        // QEMU's byte for "I write", locked by open file description so that this process's own test sees it.
        var lock = flock()
        lock.l_type = Int16(F_RDLCK)
        lock.l_start = 101
        lock.l_len = 1
        let setOpenFileDescriptionLock: Int32 = 37
        try #require(fcntl(descriptor, setOpenFileDescriptionLock, &lock) == 0)
        let run = ScanRun([pool.root])
        #expect(run.results.map(\.outcome) == [.inUse])
        #expect(run.results.first?.report == nil)
        let forced = ScanRun([pool.root]) { $0.checksImagesInUse = true }
        #expect(forced.results.map(\.outcome) == [.inUse])
        #expect(forced.results.first?.report?.leaks == 1)
    }
}

/// Counts how often a file is opened, by inotify(7).
private final class OpenWatch {
    private let descriptor = inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))

    init(_ path: RawPath) throws {
        let watch = path.withCString { inotify_add_watch(descriptor, $0, UInt32(IN_OPEN)) }
        try #require(descriptor >= 0 && watch >= 0)
    }

    deinit { close(descriptor) }

    func count() throws -> Int {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let length = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
        return max(length, 0) / MemoryLayout<inotify_event>.size
    }
}
