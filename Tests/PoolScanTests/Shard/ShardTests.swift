import Files
import Glibc
import Lab
import QED
import ScanModel
import TestSupport
import Testing

@testable import PoolScan

/// The positions of files, and which range of positions belongs to which shard.
@Suite struct ShardTests {
    private static func position(_ path: [UInt8]) -> PathPosition {
        var hasher = PathPositionHasher()
        hasher.add(path)
        return hasher.position
    }

    private static func shards(_ count: Int) throws -> [ShardRange] {
        try (1...count).map { try #require(ShardRequest(number: $0, count: count)?.shard(of: empty)) }
    }

    private static let empty = ScanConfiguration(roots: [])

    /// Calculated by another program. Machines share a pool by these: they never change.
    @Test(
        arguments: [
            (Array("".utf8), 0xEFD0_1F60), (Array("a".utf8), 0x82A2_A958), (Array("disk.qed".utf8), 0x9B8A_756B),
            (Array("web/disk-1.qed".utf8), 0xDFB1_DBA2), (Array("a/b/c/d/e/f/g.qed".utf8), 0x7455_34B5),
            ([0xFF, 0xFE, 0x2F, 0x80] + Array(".qed".utf8), 0x19EE_7361), (Array("bücher/größe.qed".utf8), 0xEF7C_7288),
            ([0x20], 0x4FE4_4FFE), ([UInt8](repeating: 0x78, count: 255), 0x1915_A563),
        ] as [([UInt8], UInt32)])
    func positionsAreTheSameEverywhere(_ path: [UInt8], _ expected: UInt32) throws {
        #expect(Self.position(path).rawValue == expected)
        var roots = RootOrder()
        roots.add(RawPath("/some/where"), isFile: false)
        #expect(roots.position(of: RawPath("/some/where").appending(path)).rawValue == expected)
    }

    @Test func aPositionIsThatOfThePathBelowTheFirstRootThatHasIt() {
        func below(_ roots: [String], _ path: String) -> String? {
            var order = RootOrder()
            for root in roots { order.add(RawPath(root), isFile: true) }
            let names = ["x/y/a", "y/a", "a", "pool/x/y/a"]
            let position = order.position(of: RawPath(path))
            return names.first { Self.position(Array($0.utf8)) == position }
        }
        #expect(below(["/pool"], "/pool/x/y/a") == "x/y/a")
        #expect(below(["/"], "/pool/x/y/a") == "pool/x/y/a")
        #expect(below(["/pool/x/y/a"], "/pool/x/y/a") == "a", "a file that is a root")
        #expect(below(["/", "/pool", "/pool/x"], "/pool/x/y/a") == "pool/x/y/a")
        #expect(below(["/pool", "/pool/x", "/"], "/pool/x/y/a") == "x/y/a")
        #expect(below(["/pool/x", "/", "/pool"], "/pool/x/y/a") == "y/a")
        #expect(below(["/pool/x/y/a", "/pool"], "/pool/x/y/a") == "a")
        #expect(below(["/pool", "/pool/x/y/a"], "/pool/x/y/a") == "x/y/a")
        #expect(below(["/poo", "/pool/x/y/ab", "/pool/x", "/pool/x"], "/pool/x/y/a") == "y/a")
    }

    @Test(arguments: [1, 2, 3, 7, 8, 100, 641, 9999, 10000]) func rangesAdjoinAndCoverAll(_ count: Int) throws {
        let shards = try Self.shards(count)
        #expect(shards.first?.lower == 0)
        #expect(shards.last?.upper == 1 << 32)
        #expect(zip(shards, shards.dropFirst()).allSatisfy { $0.upper == $1.lower })
        let lengths = shards.map { $0.upper - $0.lower }
        #expect(Set(lengths).count <= 2 && lengths.allSatisfy { $0 == lengths[0] || $0 + 1 == lengths[0] })
    }

    @Test func theEndsOfARangeAreRoundedUp() throws {
        let shards = try Self.shards(3)
        #expect(shards.map(\.lower) == [0, 1_431_655_766, 2_863_311_531])
        #expect(shards.map { $0.contains(PathPosition(rawValue: 1_431_655_765)) } == [true, false, false])
        #expect(shards.map { $0.contains(PathPosition(rawValue: 1_431_655_766)) } == [false, true, false])
        #expect(shards.map { $0.contains(PathPosition(rawValue: .max)) } == [false, false, true])
    }

    @Test(arguments: [(0, 1), (2, 1), (-1, 3), (1, 10001), (1, 0)]) func impossibleShardsAreRefused(
        _ number: Int, _ count: Int
    ) {
        #expect(ShardRequest(number: number, count: count) == nil)
    }

    /// Names that differ little, as those of a pool do.
    @Test func eachShardHasAboutAsManyFiles() throws {
        let shards = try Self.shards(8)
        var counts = [Int](repeating: 0, count: 8)
        for number in 0..<20_000 {
            let path = "site-\(number % 7)/rack-\(number % 40)/host-\(number % 3)/vm-\(number).qed"
            let position = Self.position(Array(path.utf8))
            counts[try #require(shards.firstIndex { $0.contains(position) })] += 1
        }
        #expect(counts.reduce(0, +) == 20_000)
        for count in counts { #expect(abs(count - 2500) <= 250, "\(counts)") }
    }

    // MARK: - By size

    @Test func cutsAreAtTheEndsOfPartsNextToEqualShares() {
        var sizes = PositionSizes()
        #expect(sizes.cut(after: 0, of: 1) == nil, "no bytes, no shares")
        let length: UInt64 = 4096
        for (part, bytes) in [(10, 60), (20, 40), (30, 100)] as [(UInt32, UInt64)] {
            sizes.add(bytes, at: PathPosition(rawValue: part << 12 | 7))
        }
        #expect((0...2).map { sizes.cut(after: $0, of: 2) } == [0, 21 * length, 1 << 32])
        // 50: nearer to 60 than to 0. 150: as near to both.
        #expect((0...4).map { sizes.cut(after: $0, of: 4) } == [0, 11 * length, 21 * length, 30 * length, 1 << 32])
        // 20, 40 | 60 | 80: as near to both | 100 | 120, 140 | 160 to 200.
        #expect(
            (0...10).map { (sizes.cut(after: $0, of: 10) ?? 0) / length } == [
                0, 10, 11, 11, 20, 21, 30, 30, 31, 31, 1 << 20,
            ])
    }

    @Test func sizesThatOverflowAreCutToo() throws {
        var sizes = PositionSizes()
        for part: UInt32 in 0..<4 { sizes.add(.max - 5, at: PathPosition(rawValue: part << 30)) }
        let cuts = try (0...10_000).map { try #require(sizes.cut(after: $0, of: 10_000)) }
        #expect(cuts == cuts.sorted())
        #expect(cuts.first == 0 && cuts.last == 1 << 32)
    }

    @Test func cutsNeverGoBack() throws {
        let seed = Seed.next()
        var random = SeededRandom(seed: seed)
        for _ in 0..<10 {
            var sizes = PositionSizes()
            for _ in 0..<Int.random(in: 1...30, using: &random) {
                let bytes = UInt64.random(in: 0...1 << UInt64.random(in: 0...62, using: &random), using: &random)
                sizes.add(bytes, at: PathPosition(rawValue: .random(in: 0 ... .max, using: &random)))
            }
            let count = Int.random(in: 1...30, using: &random)
            let shards = try (1...count).map { try #require(ShardRequest(number: $0, count: count)?.shard(of: sizes)) }
            #expect(shards.allSatisfy { $0.lower <= $0.upper }, "QEDSCAN_SEED=\(seed)")
            #expect(zip(shards, shards.dropFirst()).allSatisfy { $0.upper == $1.lower }, "QEDSCAN_SEED=\(seed)")
            #expect(shards.first?.lower == 0 && shards.last?.upper == 1 << 32, "QEDSCAN_SEED=\(seed)")
        }
    }
}
