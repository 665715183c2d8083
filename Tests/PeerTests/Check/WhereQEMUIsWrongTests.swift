import Foundation
import Lab
import QED
import TestSupport
import Testing

@testable import qedscan

/// Each test says what QEMU prints and what is true. One that fails because QEMU got better is good news: then the
/// notes on the differences, `QEMULeaks` and `QEMUFault` want a change.
@Suite(.enabled(if: Peer.isInstalled, "qemu-utils is not installed"))
struct WhereQEMUIsWrongTests {
    /// A sound image whose file has `fileClusters` clusters.
    private static func plan(_ clusterSize: UInt32, tableSize: UInt32 = 2, fileClusters: UInt64) -> ImagePlan {
        var plan = ImagePlan()
        plan.clusterSize = clusterSize
        plan.tableSize = tableSize
        // Enough for all data; the tables take their share of the file's clusters.
        plan.imageSize = fileClusters * UInt64(clusterSize)
        let perTable = plan.entriesPerTable + UInt64(tableSize)
        let rest = fileClusters - 1 - UInt64(tableSize)
        let tables = (rest + perTable - 1) / perTable
        plan.guestClusters = .first(rest - tables * UInt64(tableSize))
        return plan
    }

    struct FalseLeaks: Sendable {
        let clusterSize: UInt32
        let fileClusters: UInt64
        let printed: Int64
    }

    @Test(arguments: [
        // The first false leak comes with cluster (cluster size - 1).
        FalseLeaks(clusterSize: 4096, fileClusters: 4094, printed: 0),
        FalseLeaks(clusterSize: 4096, fileClusters: 4095, printed: 1),
        FalseLeaks(clusterSize: 4096, fileClusters: 2 * 4095 - 1, printed: 1),
        FalseLeaks(clusterSize: 4096, fileClusters: 2 * 4095, printed: 2),
        FalseLeaks(clusterSize: 4096, fileClusters: 262_144, printed: 64),
        FalseLeaks(clusterSize: 65536, fileClusters: 65534, printed: 0),
        FalseLeaks(clusterSize: 65536, fileClusters: 65535, printed: 1),
        FalseLeaks(clusterSize: 65536, fileClusters: 262_144, printed: 4),
    ])
    func soundImageHasFalseLeaks(_ example: FalseLeaks) async throws {
        let bench = try Bench()
        let plan = Self.plan(example.clusterSize, fileClusters: example.fileClusters)
        try ImageWriter(plan).write(to: bench.path)
        let qemu = try await bench.checkWithQEMU()
        let report = try bench.check()
        #expect(report.geometry?.fileClusters == example.fileClusters)
        #expect(report.outcome == .clean && report.leaks == 0)
        #expect(qemu.counters?.leaks == example.printed)
        #expect(qemu.status == (example.printed == 0 ? 0 : 3))
        #expect(report.qemuLeaks == example.printed)
    }

    /// The second L2 table is clusters 4094 and 4095; to QEMU's map 4095 and 4096 are one cluster further on.
    @Test func sharedLastClusterOfATableAcrossTheBoundaryIsMissed() async throws {
        let bench = try Bench()
        var plan = ImagePlan()
        plan.clusterSize = 4096
        plan.tableSize = 2
        plan.imageSize = 8 << 20
        plan.guestClusters = .first(1)
        try ImageWriter(plan).write(to: bench.path)
        let editor = try ImageEditor(path: bench.path)
        try editor.truncate(to: 4097 * 4096)
        try editor.writeL1(4094 * 4096, at: 1)
        try editor.writeL2(4095 * 4096, at: 0, of: 0)
        let report = try bench.check()
        #expect(report.corruptions == 1)
        #expect(report.findings.first { $0.kind.severity == .corruption }?.kind == .l2TableOverlaps)
        let qemu = try await bench.checkWithQEMU()
        #expect(qemu.status == 3 && qemu.counters?.corruptions == 0)
        // The false leak is the cluster that it took for the table's.
        #expect(qemu.counters?.leaks == Int64(report.leaks))
    }

    @Test func tableOfOneClusterIsRefused() async throws {
        let bench = try Bench()
        try ImageWriter(Self.plan(65536, tableSize: 1, fileClusters: 100)).write(to: bench.path)
        let qemu = try await bench.checkWithQEMU()
        #expect(qemu == PeerResult(status: 1, reason: "QED table offset is invalid"))
        #expect(try bench.check().outcome == .clean)
        #expect(try bench.check().qemuLeaks == nil)
    }

    @Test(arguments: [(UInt32(2 << 20), UInt32(16)), (4 << 20, 4), (8 << 20, 2)])
    func imageSizeLimitWrapsForLargeTables(clusterSize: UInt32, tableSize: UInt32) async throws {
        let bench = try Bench()
        try ImageWriter(Self.plan(clusterSize, tableSize: tableSize, fileClusters: 50)).write(to: bench.path)
        #expect(try await bench.checkWithQEMU() == PeerResult(status: 1, reason: "QED image size is invalid"))
        #expect(try bench.check().outcome == .clean)
    }

    /// The header's own cluster is leaked to QEMU; with the L1 table in it, the header's words are entries.
    @Test func qemuAcceptsAHeaderOfNoClusters() async throws {
        let bench = try Bench()
        try ImageWriter(Self.plan(4096, fileClusters: 50)).write(to: bench.path)
        let editor = try ImageEditor(path: bench.path)
        try editor.write(0, to: .headerSize)
        let leaking = try await bench.checkWithQEMU()
        #expect(leaking.status == 3 && leaking.counters?.leaks == 1)
        #expect(try bench.check().outcome == .clean)
        #expect(try bench.check().qemuLeaks == 1)
        try editor.write(0, to: .l1TableOffset)
        let corrupt = try await bench.checkWithQEMU()
        #expect(corrupt.status == 2)
        #expect(try bench.check().fault?.kind == .l1OffsetInHeader)
    }

    @Test(arguments: [1, 511, 512])
    func qemuTakesAShortTailForAWholeCluster(_ missing: UInt64) async throws {
        let bench = try Bench()
        try ImageWriter(Self.plan(4096, fileClusters: 50)).write(to: bench.path)
        try ImageEditor(path: bench.path).truncate(to: 50 * 4096 - missing)
        let qemu = try await bench.checkWithQEMU()
        #expect(qemu.status == (missing == 512 ? 2 : 0))
        #expect(try bench.check().corruptions == 1)
        // A partial cluster that nobody refers to is a leak to QEMU.
        try ImageEditor(path: bench.path).truncate(to: 51 * 4096 - missing)
        let leaking = try await bench.checkWithQEMU()
        #expect(leaking.counters?.leaks == (missing == 512 ? 0 : 1))
        #expect(try bench.check().leaks == 0)
        #expect(try bench.check().qemuLeaks == leaking.counters?.leaks)
    }
}
