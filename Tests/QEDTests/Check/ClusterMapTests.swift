import Lab
import TestSupport
import Testing

@testable import QED

@Suite struct ClusterMapTests {
    private static let ampleBudget = 64 << 20

    private func map(_ count: UInt64, budget: MemoryBudget = MemoryBudget(limit: ampleBudget)) -> ClusterMap {
        ClusterMap(clusterCount: count, budget: budget)
    }

    private func unmarkedRuns(_ map: ClusterMap, from first: UInt64 = 0) -> [Range<UInt64>] {
        var runs: [Range<UInt64>] = []
        map.forEachUnmarkedRun(from: ClusterIndex(first)) { runs.append($0.rawValue..<$0.rawValue + $1) }
        return runs
    }

    @Test func behavesAsASet() {
        var random = SeededRandom(seed: Seed.value)
        let count: UInt64 = 200_000
        let map = map(count)
        var model: Set<UInt64> = []
        for _ in 0..<2000 {
            let first = UInt64.random(in: 0..<count, using: &random)
            if Bool.random(using: &random) {
                #expect(map.mark(ClusterIndex(first)) == !model.insert(first).inserted)
            } else {
                let run = first..<min(first + UInt64.random(in: 1...300, using: &random), count)
                let before = run.count { model.contains($0) }
                #expect(map.markRun(from: ClusterIndex(first), count: UInt64(run.count)) == UInt64(before))
                model.formUnion(run)
            }
        }
        #expect(map.usedCount == UInt64(model.count))
        let unmarked = unmarkedRuns(map)
        #expect(unmarked.flatMap { $0 } == (0..<count).filter { !model.contains($0) })
        #expect(zip(unmarked, unmarked.dropFirst()).allSatisfy { $0.upperBound < $1.lowerBound })
    }

    @Test func runAcrossLeavesAndPagesIsOneRun() {
        let map = map(1 << 28)
        let first = ClusterMap.leafClusters - 1
        #expect(map.markRun(from: ClusterIndex(first), count: 1 << 27) == 0)
        #expect(map.usedCount == 1 << 27)
        #expect(unmarkedRuns(map) == [0..<first, first + 1 << 27..<1 << 28])
        #expect(map.markRun(from: ClusterIndex(0), count: first + 1) == 1)
    }

    @Test func memoryFollowsReferencesAndNotTheFile() {
        let budget = MemoryBudget(limit: 1 << 20)
        // 8 EiB at 4 KiB.
        let count: UInt64 = 1 << 51
        let map = map(count, budget: budget)
        let marks = [0, 1 << 20, 1 << 40, count - 1]
        for cluster in marks { #expect(!map.mark(ClusterIndex(cluster))) }
        for cluster in marks { #expect(map.mark(ClusterIndex(cluster))) }
        #expect(!map.isExhausted)
        #expect(map.usedCount == 4)
        #expect(unmarkedRuns(map) == zip(marks, marks.dropFirst()).map { $0 + 1..<$1 })
    }

    @Test func exhaustedBudgetIsReportedAndGivenBack() {
        let budget = MemoryBudget(limit: 128 << 10)
        do {
            let map = map(1 << 40, budget: budget)
            for page in 0..<100 as Range<UInt64> { _ = map.mark(ClusterIndex(page << 30)) }
            #expect(map.isExhausted)
        }
        // All of it is there again.
        #expect(budget.reserve(128 << 10))
        budget.release(128 << 10)
    }

    @Test func budgetOfNothingIsExhaustedAtOnce() {
        let map = map(1000, budget: MemoryBudget(limit: 0))
        #expect(map.isExhausted)
        _ = map.mark(ClusterIndex(1))
    }

    @Test func unmarkedRunsBeginWhereAsked() {
        let map = map(100)
        _ = map.mark(ClusterIndex(50))
        #expect(unmarkedRuns(map, from: 10) == [10..<50, 51..<100])
        #expect(unmarkedRuns(map, from: 50) == [51..<100])
        #expect(unmarkedRuns(map, from: 100) == [])
    }
}
