import Files
import Glibc
import Lab
import QED
import ScanModel
import TestSupport
import Testing

@testable import PoolScan

/// Several scans that share a pool.
@Suite(.endsInTime) struct ShardScanTests {
    private let pool: Pool

    init() throws { pool = try Pool() }

    private func runs(
        _ count: Int, _ roots: [RawPath], by basis: ShardRequest.Basis = .count, workers: Int = 0,
        _ configure: (inout ScanConfiguration) -> Void = { _ in }
    ) throws -> [ScanRun] {
        try (1...count).map { number in
            let request = try #require(ShardRequest(number: number, count: count, basis: basis))
            var base = ScanConfiguration(roots: roots)
            configure(&base)
            let shard = try #require(request.shard(of: base))
            return ScanRun(roots) {
                configure(&$0)
                $0.workerCount = workers
                $0.shard = shard
            }
        }
    }

    /// What the scans of all shards together did is what one scan of the pool does.
    private func expectSame(_ runs: [ScanRun], as whole: ScanRun, _ story: Comment) {
        #expect(runs.flatMap(\.facts).sorted() == whole.facts, story)
        #expect(runs.map(\.progress.files).reduce(0, +) == whole.progress.files, story)
        #expect(runs.map(\.progress.images).reduce(0, +) == whole.progress.images, story)
        #expect(runs.allSatisfy { $0.progress.directories == whole.progress.directories }, story)
        for run in runs {
            #expect(run.results.allSatisfy { run.coverage.covers($0.path) }, story)
            #expect(run.coverage.rootResults.map(\.path) == whole.coverage.rootResults.map(\.path), story)
        }
    }

    /// Every path that the whole scan says something of is one shard's and no other's.
    private func expectPartition(_ runs: [ScanRun], of whole: ScanRun, _ paths: [RawPath], _ story: Comment) {
        for path in paths {
            let count = runs.count { $0.coverage.covers(path) }
            #expect(count == (whole.coverage.covers(path) ? 1 : 0), "\(path.text) \(story)")
        }
    }

    @Test(arguments: 0..<6) func eachImageIsCheckedByOneShardAlone(_ round: Int) throws {
        let seed = Seed.next() &+ UInt64(round)
        var random = SeededRandom(seed: seed)
        _ = try RandomTree(in: pool, seed: seed)
        let more = try Pool()
        for name in ["sub", "sub/deep", "links"] { try pool.addDirectory(name) }
        var images = try ["0.qed", "sub/1.qed", "sub/2.qed", "sub/deep/3.qed"].map { try pool.addImage($0) }
        images += ScanRun([pool.root]).results.map(\.path).shuffled(using: &random).prefix(12)
        for (number, image) in images.enumerated() where Bool.random(using: &random) {
            // Smaller and larger than most names, in the pool and in the other one.
            let directory = [pool.path("links"), pool.path("sub/deep"), pool.root, more.root].randomElement(
                using: &random)
            let name = try #require(["!", "~", "m"].randomElement(using: &random)) + "\(number)"
            let path = try #require(directory).appending(Array(name.utf8))
            _ = image.withCString { old in path.withCString { link(old, $0) } }
        }
        try more.addImage("0.qed")
        let (root, sub, deep, file) = (pool.root, pool.path("sub"), pool.path("sub/deep"), images[1])
        let rootLists = [
            [root], [sub, root], [root, deep, sub], [file, root, file], [root, file], [root, more.root],
            [more.root, deep, images[3], root], [file, images[3], images[0]], [sub, pool.path("gone")],
        ]
        let gone = [root, sub, deep, more.root].flatMap { directory in
            (0..<10).map { directory.appending(Array("gone-\($0)/x".utf8)) }
        }
        for roots in rootLists.shuffled(using: &random).prefix(5) {
            let count = Int.random(in: 1...9, using: &random)
            let basis = try #require(ShardRequest.Basis.allCases.randomElement(using: &random))
            let workers = try #require([0, 1, 8].randomElement(using: &random))
            let whole = ScanRun(roots)
            let runs = try runs(count, roots, by: basis, workers: workers)
            let story: Comment = "QEDSCAN_SEED=\(seed) \(roots.map(\.text)) \(count) by \(basis), \(workers) workers"
            guard !roots.contains(pool.path("gone")) else {
                // A root that is not there is an error of each.
                #expect(runs.allSatisfy { $0.errors.count == 1 }, story)
                #expect(runs.flatMap(\.paths).sorted() == whole.paths.sorted(), story)
                continue
            }
            expectSame(runs, as: whole, story)
            expectPartition(runs, of: whole, images + gone + whole.results.map(\.path), story)
        }
    }

    /// Names of one file in many shards, each of which meets only some of them.
    @Test(arguments: [0, 8]) func aFileWithManyNamesIsOneImageUnderTheSmallest(workers: Int) throws {
        for directory in 0..<8 { try pool.addDirectory("\(directory)") }
        try pool.addImage("7/x")
        try pool.addImage("7/alone")
        for number in 0..<40 { pool.addHardLink("\(number % 8)/\(number)", to: "7/x") }
        for count in [1, 2, 5, 16] {
            let runs = try runs(count, [pool.root], workers: workers)
            #expect(runs.flatMap(\.paths).sorted() == texts([pool.path("0/0"), pool.path("7/alone")]), "\(count)")
        }
        // What the filter leaves out is no name.
        let filter = PathFilter(exclude: [RawPath("0")])
        let filtered = try runs(5, [pool.root], workers: workers) { $0.filter = filter }
        #expect(filtered.flatMap(\.paths).sorted() == texts([pool.path("1/1"), pool.path("7/alone")]))
    }

    @Test func filesThatAreRootsAndInOneAreCheckedOnce() throws {
        try pool.addDirectory("sub")
        let images = try (0..<10).map { try pool.addImage("sub/\($0)") }
        for roots in [images + [pool.root], [pool.root] + images, images + [pool.path("sub"), pool.root] + images] {
            let (whole, runs) = (ScanRun(roots), try runs(5, roots))
            expectSame(runs, as: whole, "\(roots.count)")
            expectPartition(runs, of: whole, images + [pool.path("sub/gone"), pool.path("gone")], "\(roots.count)")
        }
    }

    @Test func ownFilesBelongToNoShard() throws {
        let own = try pool.addImage("own.qed")
        let other = try pool.addImage("other.qed")
        let key = try pool.key("own.qed")
        let runs = try runs(3, [pool.root, own]) { $0.ownFiles = [key] }
        #expect(runs.flatMap(\.paths) == texts([other]))
        #expect(runs.map(\.progress.files).reduce(0, +) == 1)
    }

    @Test func earlierResultsAreReusedByTheirShard() throws {
        let images = try (0..<12).map { try pool.addImage("\($0)") }
        pool.addHardLink("~", to: "3")
        var known = KnownResults()
        for (number, image) in images.enumerated() {
            let identity = try FileStatus(directory: AT_FDCWD, name: image.bytes).identity
            known.insert(
                KnownImage(
                    imageID: Int64(number), path: PathHash(image), identity: identity, outcome: .clean, isDirty: false))
        }
        let runs = try runs(4, [pool.root]) { $0.known = known }
        #expect(runs.flatMap(\.results).isEmpty)
        #expect(runs.flatMap(\.reused).map(\.imageID).sorted() == Array(0..<12))
        #expect(runs.filter { !$0.reused.isEmpty }.count > 1)
    }

    @Test func aRootThatIsNoFileIsAnErrorOfItsShard() throws {
        mkfifo(pool.directory.file("fifo.qed"), 0o644)
        let runs = try runs(3, [pool.path("fifo.qed")])
        #expect(runs.flatMap(\.errors).map(\.path) == [pool.path("fifo.qed")])
    }

    @Test func aMissingRootIsAnErrorOfEachShard() throws {
        let missing = pool.path("missing")
        #expect(try runs(3, [missing]).allSatisfy { $0.errors.map(\.path) == [missing] })
    }

    @Test func aCancelledScanOfAShardCoversNothing() throws {
        try pool.addImage("image")
        let cancellation = Cancellation()
        let shard = try #require(ShardRequest(number: 1, count: 1)?.shard(of: ScanConfiguration(roots: [pool.root])))
        cancellation.cancel()
        let run = ScanRun([pool.root], cancellation: cancellation) { $0.shard = shard }
        #expect(run.events.isEmpty)
        #expect(!run.coverage.covers(pool.path("image")))
    }
}
