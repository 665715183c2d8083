import Dispatch
import Files
import Lab
import TestSupport
import Testing

@testable import QED

/// The map that several threads mark, against a set.
@Suite struct SharedClusterMapTests {
    private static let ampleBudget = 256 << 20
    private static let clusterCount: UInt64 = 3_000_000

    private func map(_ budget: Int = ampleBudget) throws -> SharedClusterMap {
        try #require(
            SharedClusterMap(clusterCount: SharedClusterMapTests.clusterCount, budget: MemoryBudget(limit: budget)))
    }

    private func marks(_ map: SharedClusterMap) throws -> PendingMarks {
        let budget = MemoryBudget(limit: SharedClusterMapTests.ampleBudget)
        return PendingMarks(map, try #require(PendingClusters(partCount: map.partCount, budget: budget)))
    }

    /// Different clusters in disorder, some as runs, from several threads: all of them are marked, and no other.
    @Test(arguments: [1, 2, 5])
    func threadsMarkWhatTheyAreTold(_ threadCount: Int) throws {
        var random = SeededRandom(seed: Seed.value)
        let map = try map()
        let singles = (0..<SharedClusterMapTests.clusterCount).filter { $0 % 3 == 0 && $0 < 2_000_000 }.shuffled(
            using: &random)
        let runs = stride(from: UInt64(2_000_000), to: SharedClusterMapTests.clusterCount, by: 50_000).shuffled(
            using: &random)
        let passes = try (0..<threadCount).map { _ in Locked(try marks(map)) }
        DispatchQueue.concurrentPerform(iterations: threadCount) { thread in
            passes[thread].withLock { marks in
                let own = singles.indices.filter { $0 % threadCount == thread }.map { singles[$0] << 12 }
                own.withUnsafeBufferPointer { offsets in
                    if let first = offsets.baseAddress { marks.mark(first, offsets.count, shift: 12) }
                }
                for index in runs.indices where index % threadCount == thread {
                    marks.markRun(from: runs[index], count: 40_000)
                }
                marks.finish()
            }
        }
        for pass in passes { #expect(pass.withLock { $0.isSound }) }
        for cluster in stride(from: UInt64(0), to: SharedClusterMapTests.clusterCount, by: 101) {
            let isExpected = cluster < 2_000_000 ? cluster % 3 == 0 : (cluster - 2_000_000) % 50_000 < 40_000
            #expect(map.map.isMarked(ClusterIndex(cluster)) == isExpected, "cluster \(cluster)")
        }
    }

    /// Twice the same cluster, wherever the two are: as entries of one thread or of two, alone or in a run.
    @Test(arguments: [false, true], [false, true])
    func clusterMarkedTwiceIsNoticed(_ isOtherThread: Bool, _ isRun: Bool) throws {
        var random = SeededRandom(seed: Seed.value)
        for _ in 0..<100 {
            let map = try map()
            var first = try marks(map)
            var second = isOtherThread ? try marks(map) : first
            let cluster = UInt64.random(in: 0..<SharedClusterMapTests.clusterCount - 100, using: &random)
            first.mark(cluster, if: 1)
            if isRun {
                second.markRun(from: cluster - min(cluster, 50), count: 100)
            } else {
                second.mark(cluster, if: 1)
            }
            first.finish()
            second.finish()
            #expect(!first.isSound || !second.isSound, "cluster \(cluster)")
        }
    }

    @Test func unusedClusterIsNotMarked() throws {
        let map = try map()
        var marks = try marks(map)
        for _ in 0..<10 { marks.mark(77, if: 0) }
        marks.mark(77, if: 1)
        marks.mark(77, if: 0)
        marks.finish()
        #expect(marks.isSound && map.map.isMarked(ClusterIndex(77)))
        #expect(!map.map.isMarked(ClusterIndex(0)))
    }

    @Test func partThatNothingRefersToTakesNoMemory() throws {
        // Enough for the pages and one part.
        let map = try map(40 << 10)
        var marks = try marks(map)
        marks.mark(1, if: 1)
        marks.finish()
        #expect(marks.isSound && map.map.isMarked(ClusterIndex(1)))
    }

    @Test func aSpentBudgetDoesNotMakeAnImageSound() throws {
        // Enough for the pages and one part.
        let map = try map(40 << 10)
        var marks = try marks(map)
        marks.mark(1, if: 1)
        marks.mark(2_900_000, if: 1)
        marks.markRun(from: 1_000_000, count: 5)
        marks.finish()
        #expect(!marks.isSound && map.map.isExhausted)
    }

    @Test func budgetIsGivenBack() throws {
        let budget = MemoryBudget(limit: 8 << 20)
        do {
            let map = try #require(SharedClusterMap(clusterCount: 1 << 24, budget: budget))
            let buffers = try #require(PendingClusters(partCount: map.partCount, budget: budget))
            #expect(!map.markRun(from: 0, count: 1 << 24))
            #expect(PendingClusters(partCount: 1_000_000, budget: budget) == nil)
            withExtendedLifetime(buffers) {}
        }
        #expect(budget.reserve(8 << 20))
        budget.release(8 << 20)
    }

    @Test func fileOfTooManyClustersIsRefused() {
        let budget = MemoryBudget(limit: SharedClusterMapTests.ampleBudget)
        #expect(SharedClusterMap(clusterCount: 1 << 51, budget: budget) == nil)
    }
}
