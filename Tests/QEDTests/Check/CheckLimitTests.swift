import Files
import Lab
import Synchronization
import TestSupport
import Testing

@testable import QED

@Suite struct CheckLimitTests {
    /// A sound image of 100 data clusters, 128 MiB apart, so that each needs a leaf of the map.
    private func writeScattered(to path: String) throws {
        var plan = ImagePlan()
        plan.clusterSize = 4096
        plan.tableSize = 1
        plan.imageSize = 100 * 4096
        plan.guestClusters = .first(1)
        try ImageWriter(plan).write(to: path)
        let editor = try ImageEditor(path: path)
        try editor.truncate(to: 101 << 27)
        for index in 1..<100 {
            try editor.writeL2(UInt64(index) << 27 + 3 * 4096, at: index, of: 0)
        }
    }

    @Test func imageOverItsMemoryIsIncompleteAndNotCorrupt() throws {
        let scratch = try TemporaryDirectory()
        try writeScattered(to: scratch.file())
        for usesFastPass in [true, false] {
            let limits = CheckLimits(memory: MemoryBudget(limit: 100 << 10))
            let report = try check(scratch.file(), usesFastPass: usesFastPass, limits: limits)
            #expect(report.outcome == .incomplete)
            #expect(report.stop == .memoryLimit(bytes: 100 << 10))
            #expect(report.corruptions == 0)
            #expect(report.leaks == 0)
            #expect(report.findings.isEmpty)
        }
    }

    @Test func imageWithinItsMemoryIsChecked() throws {
        let scratch = try TemporaryDirectory()
        try writeScattered(to: scratch.file())
        let report = try check(scratch.file(), limits: CheckLimits(memory: MemoryBudget(limit: 1 << 20)))
        #expect(report.outcome == .leaking)
        #expect(report.counts.allocated == 100)
        #expect(report.leaks == 101 << 15 - 103)
    }

    @Test func memoryIsGivenBackAfterEachCheck() throws {
        let scratch = try TemporaryDirectory()
        try writeScattered(to: scratch.file())
        let limits = CheckLimits(memory: MemoryBudget(limit: 600 << 10))
        for _ in 0..<5 {
            #expect(try check(scratch.file(), limits: limits).outcome == .leaking)
        }
    }

    @Test func cancelledCheckSaysSo() throws {
        let scratch = try TemporaryDirectory()
        try writeScattered(to: scratch.file())
        let checker = Checker(isCancelled: { true })
        let report = checker.check(try ImageFile(path: RawPath(scratch.file())))
        #expect(report.stop == .cancelled)
        #expect(report.outcome == .incomplete)
    }

    @Test func throttlingDoesNotCountAgainstTheTimeLimit() {
        let held = Atomic<UInt64>(3_600_000_000_000)
        let limits = CheckLimits(baseSeconds: 0)
        let clock = CheckClock(
            limits: limits, diskSize: 0, throttleTime: { held.load(ordering: .relaxed) }, isCancelled: { false })
        let other = CheckClock(limits: limits, diskSize: 0) { false }
        while other.stop() == nil {}
        #expect(clock.stop() == .timeLimit(seconds: 0), "what was held back before the check began")
        held.add(3_600_000_000_000, ordering: .relaxed)
        #expect(clock.stop() == nil)
    }
}
