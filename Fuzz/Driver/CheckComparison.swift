@testable import QED

/// One image checked in every way: all complete checks must agree, and stay within their limits.
package struct CheckComparison {
    /// Bytes of a table from which on an image with one is walked on several threads.
    private static let leastTableOfThreads: UInt64 = 1 << 20

    private static let limits = CheckLimits.fuzzing
    private static let capped = CheckLimits(
        memory: limits.memory, baseSeconds: limits.baseSeconds, diskBytesPerSecond: limits.diskBytesPerSecond,
        findingsPerKind: 2)
    // They keep their buffers from one input to the next. There is one thread that calls them.
    nonisolated(unsafe) private static let fast = Checker(limits: limits)
    nonisolated(unsafe) private static let exact = Checker(limits: limits, usesFastPass: false)
    nonisolated(unsafe) private static let onThreads = Checker(limits: limits, threadCount: 3)
    nonisolated(unsafe) private static let brief = Checker(limits: capped)

    /// By the fast pass on one thread, if it is enough.
    package let report: CheckResult

    /// Compares them.
    package init(_ source: SparseSource) {
        report = Self.fast.check(source)
        Self.requireSense(report)
        var others = [Self.exact]
        if let geometry = report.geometry, geometry.tableByteCount >= Self.leastTableOfThreads {
            others.append(Self.onThreads)
        }
        if report.findings.count > 2 { others.append(Self.brief) }
        for checker in others {
            let other = checker.check(source)
            Self.requireSense(other)
            if report.stop == nil, other.stop == nil { requireSame(other) }
        }
        let memory = Self.limits.memory
        require(memory.reserve(memory.limit), "a check has not given its memory back")
        memory.release(memory.limit)
        requireMap(of: source)
    }

    /// What holds for every report.
    private static func requireSense(_ report: CheckResult) {
        require(!report.outcome.isConclusive || report.geometry != nil, "conclusive without a geometry")
        require(report.leaks == 0 || report.outcome.isConclusive, "leaks of an image that was not checked to its end")
        guard report.outcome.isConclusive else { return require(report.message != nil, "no reason") }
        func sum(_ severity: FindingKind.Severity) -> UInt64 {
            report.findings.filter { $0.kind.severity == severity && $0.kind != .tableOrphaned }.reduce(0) {
                $0 + $1.clusterCount + $1.suppressedCount
            }
        }
        require(sum(.corruption) == report.corruptions, "findings do not add up to \(report.corruptions) corruptions")
        require(sum(.leak) == report.leaks, "findings do not add up to \(report.leaks) leaks")
        let kinds = Dictionary(grouping: report.findings, by: \.kind)
        require(kinds.values.allSatisfy { $0.count <= 1000 }, "more findings of a kind than are kept")
    }

    private func requireSame(_ other: CheckResult) {
        require(report.outcome == other.outcome, "outcomes \(report.outcome) and \(other.outcome)")
        require(report.counts == other.counts, "counts \(report.counts) and \(other.counts)")
        require(report.corruptions == other.corruptions, "\(report.corruptions) and \(other.corruptions) corruptions")
        require(report.leaks == other.leaks, "\(report.leaks) and \(other.leaks) leaks")
        require(report.qemuLeaks == other.qemuLeaks, "QEMU's leaks")
        require(report.checkErrors == other.checkErrors, "check errors")
        // What is not listed is not looked at: whose it was first, and what it may have referred to.
        guard other.findings.allSatisfy({ $0.suppressedCount == 0 }) else { return }
        require(
            Set(report.findings.map(\.kind)) == Set(other.findings.map(\.kind)),
            "findings \(report.findings) and \(other.findings)")
    }

    /// The map of clusters has the check's numbers.
    private func requireMap(of source: SparseSource) {
        let usage: ClusterUsage
        do throws(ClusterUsageFault) {
            usage = try ClusterUsage.read(source, fileCells: 70, guestCells: 30, limits: .fuzzing)
        } catch {
            // Whoever checks has looked at the magic number before.
            if case .notQED = error { return }
            require(report.geometry == nil, "no map of an image that can be checked: \(error)")
            return
        }
        require(usage.file.total.sum == usage.file.clusterCount, "a map of another file")
        require(usage.guest.total.sum == usage.guest.clusterCount, "a map of another disk")
        require(usage.file.cells.reduce(0) { $0 + $1.counts.sum } == usage.file.clusterCount, "cells of the file")
        require(usage.guest.cells.reduce(0) { $0 + $1.counts.sum } == usage.guest.clusterCount, "cells of the disk")
        guard usage.isComplete, report.outcome.isConclusive else { return }
        require(usage.entries.corruptions == report.corruptions, "the map has \(usage.entries) corruptions")
        require(usage.file.total[.leaked] == report.leaks, "the map has \(usage.file.total[.leaked]) leaks")
        require(usage.entries.allocated == report.counts.allocated, "the map's allocated clusters")
        require(usage.entries.zero == report.counts.zero, "the map's zero clusters")
    }
}
