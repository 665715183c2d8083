/// Checks one image at a time.
///
/// The passes in order: the header; the tables, fast; if that does not prove that they are sound, the tables again,
/// exactly, and once more for the owners of shared clusters; leaks; orphaned tables among them. A checker belongs to
/// one worker and reuses its buffers.
public final class Checker {
    /// The version of the rules. Results of another version are not reused.
    public static let version = 2

    private let limits: CheckLimits
    private let usesFastPass: Bool
    private let throttleTime: @Sendable () -> UInt64
    private let isCancelled: @Sendable () -> Bool
    private let threadCount: Int
    private let workspace = CheckWorkspace()

    /// - Parameters:
    ///   - usesFastPass: if false, every image is walked exactly. The answers are the same.
    ///   - threadCount: how many threads may walk a large image at once.
    ///   - throttleTime: how many nanoseconds reads have waited for throttling, in all. They do not count against the
    ///     time limit.
    ///   - isCancelled: asked between pieces of tables. A result with `stop == .cancelled` must be dropped.
    public init(
        limits: CheckLimits = CheckLimits(), usesFastPass: Bool = true, threadCount: Int = 1,
        throttleTime: @escaping @Sendable () -> UInt64 = { 0 }, isCancelled: @escaping @Sendable () -> Bool = { false }
    ) {
        self.throttleTime = throttleTime
        self.threadCount = threadCount
        self.limits = limits
        self.usesFastPass = usesFastPass
        self.isCancelled = isCancelled
    }

    /// Checks an image. Whatever goes wrong is in the result.
    public func check(_ source: any ImageSource) -> CheckResult {
        var log = FindingLog(limit: limits.findingsPerKind)
        let headerPass = HeaderPass(source: source, log: &log)
        var report = CheckResult(headerPass)
        guard let header = headerPass.header, let geometry = headerPass.geometry else {
            report.findings = log.findings
            return report
        }
        let clock = CheckClock(
            limits: limits, diskSize: source.diskSize, throttleTime: throttleTime, isCancelled: isCancelled)
        let context = CheckContext(
            source: source, header: header, geometry: geometry, workspace: workspace, clock: clock, limits: limits,
            threadCount: threadCount)
        if !usesFastPass || !context.runFastPass(&report, log: log) {
            context.runExactPasses(&report, log: log)
        }
        return report
    }
}

/// What the passes over one image share.
private struct CheckContext {
    let source: any ImageSource
    let header: Header
    let geometry: Geometry
    let workspace: CheckWorkspace
    let clock: CheckClock
    let limits: CheckLimits
    let threadCount: Int

    /// Returns true if the result is complete: the tables gave no finding, no error and no stop.
    func runFastPass(_ report: inout CheckResult, log: FindingLog) -> Bool {
        let pass = ParallelFastPass(
            source: source, geometry: geometry, workspace: workspace, clock: clock, limits: limits,
            threadCount: threadCount)
        guard let result = pass.run() else { return false }
        report.counts = result.counts
        report.bytesRead = result.bytesRead
        addLeaks(to: &report, log: log, map: result.map, usesPartialCluster: false)
        return true
    }

    func runExactPasses(_ report: inout CheckResult, log: FindingLog) {
        let (pass, walk, map) = runTablePass(log: log)
        report.counts = pass.counts
        report.corruptions = pass.corruptions
        report.bytesRead = walk.bytesRead
        report.checkErrors += walk.errors.count
        report.errors += walk.errors.errors
        report.stop = walk.stop ?? (map.isExhausted ? .memoryLimit(bytes: limits.memory.limit) : nil)

        var findings = pass.log
        if !pass.shared.runs.isEmpty, report.stop == nil {
            // The owners need another map: the first one is still needed for leaks.
            let owners = runOwnerPass(runs: pass.shared.runs)
            pass.shared.addFindings(to: &findings, owners: owners, geometry: geometry)
        } else {
            pass.shared.addFindings(to: &findings, owners: [], geometry: geometry)
        }
        addLeaks(to: &report, log: findings, map: map, usesPartialCluster: pass.usesPartialCluster)
    }

    private func runTablePass(log: FindingLog) -> (TablePass, TableWalk, ClusterMap) {
        let map = newMap()
        var pass = TablePass(geometry: geometry, map: map, log: log)
        var walk = newWalk()
        walk.run(&pass)
        return (pass, walk, map)
    }

    private func runOwnerPass(runs: [SharedRun]) -> [OwnedRun] {
        var pass = OwnerPass(geometry: geometry, map: newMap(), runs: runs)
        var walk = newWalk()
        walk.run(&pass)
        return pass.ownedRuns()
    }

    /// Adds the findings of the tables, and the leaks if everything could be read.
    private func addLeaks(to report: inout CheckResult, log: FindingLog, map: ClusterMap, usesPartialCluster: Bool) {
        report.findings = log.findings
        guard report.checkErrors == 0, report.stop == nil else { return }
        var log = log
        let pass = LeakPass(geometry: geometry, map: map)
        pass.run(log: &log)
        report.leaks = pass.leakCount
        report.findings = log.findings
        report.qemuLeaks = QEMULeaks(header: header, geometry: geometry, usesPartialCluster: usesPartialCluster)
            .count(trueLeaks: pass.leakCount)
        if pass.leakCount > 0 { addOrphans(to: &report, log: log, map: map) }
    }

    /// Adds the orphaned tables among the leaked clusters. Only a cancellation makes the result incomplete.
    private func addOrphans(to report: inout CheckResult, log: FindingLog, map: ClusterMap) {
        var slots = FreeSlots(geometry: geometry, findings: log.findings)
        var walk = newWalk()
        walk.run(&slots, l1Entries: 0..<slots.entryCount)
        report.bytesRead += walk.bytesRead
        if walk.isComplete, !slots.isEmpty {
            var log = log
            var pass = OrphanPass(
                source: source, geometry: geometry, map: map, slots: slots, workspace: workspace, clock: clock,
                memory: limits.memory)
            pass.run(log: &log)
            report.findings = log.findings
            report.bytesRead += pass.bytesRead
            if pass.stop == .cancelled { report.stop = .cancelled }
        }
        if walk.stop == .cancelled { report.stop = .cancelled }
    }

    private func newMap() -> ClusterMap { ClusterMap(clusterCount: geometry.fileClusters, budget: limits.memory) }

    private func newWalk() -> TableWalk {
        TableWalk(source: source, geometry: geometry, workspace: workspace, clock: clock)
    }
}
