import Files
import Glibc
import Lab
import QED
import ScanModel
import TestSupport
import Testing

@testable import PoolScan

/// Shards with the same amount of bytes, of real pools.
@Suite(.endsInTime) struct ShardSizeTests {
    private let pool: Pool

    init() throws { pool = try Pool() }

    private func addFile(_ name: String, bytes: Int) throws {
        let descriptor = pool.path(name).withCString { open($0, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644) }
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        try #require(ftruncate(descriptor, bytes) == 0)
    }

    private func shards(_ count: Int, _ configure: (inout ScanConfiguration) -> Void = { _ in }) throws -> [ShardRange]
    {
        var configuration = ScanConfiguration(roots: [pool.root])
        configure(&configuration)
        return try (1...count).map {
            let request = try #require(ShardRequest(number: $0, count: count, basis: .size))
            return try #require(request.shard(of: configuration))
        }
    }

    private func sizes(_ roots: [RawPath]) -> PositionSizes {
        var walker = Walker(
            configuration: ScanConfiguration(roots: roots), cancellation: Cancellation(), visitor: SizeVisitor(),
            fail: { Issue.record("\($0)") })
        walker.run()
        return walker.visitor.sizes
    }

    private func expected(_ files: [(path: String, bytes: UInt64)]) -> PositionSizes {
        var sizes = PositionSizes()
        for file in files {
            var hasher = PathPositionHasher()
            hasher.add(file.path.utf8)
            sizes.add(file.bytes, at: hasher.position)
        }
        return sizes
    }

    /// Always the same files: the positions do not depend on the directory's name.
    @Test func eachShardHasAboutAsManyBytes() throws {
        var random = SeededRandom(seed: 1)
        var sizes: [(name: String, bytes: Int)] = []
        for directory in 0..<6 { try pool.addDirectory("host-\(directory)") }
        for number in 0..<600 {
            // From a KiB to 128 MiB, as many small ones as large ones.
            let bits = Int.random(in: 10..<27, using: &random)
            sizes.append(("host-\(number % 6)/vm-\(number).qed", Int.random(in: 1 << bits..<2 << bits, using: &random)))
        }
        for file in sizes { try addFile(file.name, bytes: file.bytes) }
        let shards = try shards(4)
        #expect(shards.first?.lower == 0 && shards.last?.upper == 1 << 32)
        #expect(zip(shards, shards.dropFirst()).allSatisfy { $0.upper == $1.lower })
        let total = sizes.map(\.bytes).reduce(0, +)
        let sums = shards.map { shard in
            sizes.filter { file in
                var hasher = PathPositionHasher()
                hasher.add(file.name.utf8)
                return shard.contains(hasher.position)
            }.map(\.bytes).reduce(0, +)
        }
        #expect(sums.reduce(0, +) == total)
        for sum in sums { #expect(abs(sum - total / 4) <= total / 40, "\(sums)") }
    }

    @Test func aPoolWithoutBytesIsCutByCount() throws {
        try addFile("empty", bytes: 0)
        let evenly = try (1...3).map {
            try #require(ShardRequest(number: $0, count: 3)?.shard(of: ScanConfiguration(roots: [])))
        }
        #expect(try shards(3) == evenly)
        try addFile("1", bytes: 1)
        #expect(try shards(3) != evenly)
        #expect(
            try shards(3) { $0.filter = PathFilter(exclude: [RawPath("1")]) } == evenly, "files left out do not count")
    }

    @Test func aFileWithSeveralNamesCountsWhereItsSmallestIs() throws {
        for name in ["a", "b"] { try pool.addDirectory(name) }
        try addFile("b/disk", bytes: 1000)
        try addFile("other", bytes: 10)
        #expect(sizes([pool.root]) == expected([("b/disk", 1000), ("other", 10)]))
        pool.addHardLink("c", to: "b/disk")
        #expect(sizes([pool.root]) == expected([("b/disk", 1000), ("other", 10)]))
        pool.addHardLink("a/x", to: "b/disk")
        pool.addLink("link", to: "other")
        #expect(sizes([pool.root]) == expected([("a/x", 1000), ("other", 10)]))
        #expect(sizes([pool.path("b"), pool.root]) == expected([("a/x", 1000), ("other", 10)]))
        let (other, again) = (pool.path("other"), pool.path("./other"))
        #expect(sizes([other, pool.path("b"), again]) == expected([("disk", 1000), ("other", 10)]))
    }

    @Test func aWalkThatIsCancelledGivesNoShard() throws {
        try addFile("1", bytes: 1)
        let cancellation = Cancellation()
        let request = try #require(ShardRequest(number: 1, count: 2, basis: .size))
        let configuration = ScanConfiguration(roots: [pool.root])
        #expect(request.shard(of: configuration, cancellation: cancellation) != nil)
        cancellation.cancel()
        #expect(request.shard(of: configuration, cancellation: cancellation) == nil)
    }
}
