import Files
import Lab
import QED
import SQLite
import ScanModel
import TestSupport
import Testing

@testable import Store

/// Where qemu-img says "no harm to data": lost L1 entries of images that QEMU wrote.
@Suite(.enabled(if: Peer.isInstalled, "qemu-utils is not installed"))
struct OrphanPeerTests {
    /// What `assessment` says of a report.
    private func assessment(_ bench: Bench, _ report: CheckResult) throws -> [SQLiteValue] {
        let store = bench.directory.file("store.db")
        let status = try ImageFile(path: RawPath(bench.path)).status
        let writing = try ScanStore(writing: store)
        let scan = ScanRecord(host: "peer", roots: [RawPath(bench.path)], options: [], version: "0")
        let writer = try ScanWriter(store: writing, scan: scan) {}
        writer.write(
            ScanModel.CheckedImage(
                path: RawPath(bench.path), status: status, outcome: report.outcome, report: report, message: nil,
                checkedAt: 0, duration: 0))
        _ = try writer.finish(isInterrupted: false, filesSeen: 1, bytesRead: 0, scope: ScanScope { _ in true })
        try writing.close()
        let sql = "SELECT assessment, orphaned_tables FROM assessment"
        let statement = try Database(path: store, mode: .readOnly).prepare(sql)
        return try statement.step() ? statement.row() : []
    }

    @Test func wipedL1TableIsALostTree() async throws {
        let bench = try Bench()
        // Writes all over 16 GiB, in no order, so that data comes before, between and behind the eight tables.
        let writes = ["0 3M", "9G 64k", "2G 1M", "4G 64k", "64M 2M", "15G 192k", "7G 64k", "9000M 1M", "12G 64k"]
        let commands = writes.enumerated().flatMap { ["-c", "write -P \($0.offset % 3 * 64) \($0.element)"] }
        let runs = try await bench.run(
            ["qemu-img", "create", "-q", "-f", "qed", bench.path, "16G"], ["qemu-io"] + commands + [bench.path])
        #expect(runs.allSatisfy { $0.status == 0 })
        #expect(try bench.check().outcome == .clean)

        let editor = try ImageEditor(path: bench.path)
        let tables = try (0..<8).map { try editor.readL1($0) }.filter { $0 != 0 }.sorted()
        #expect(tables.count == 7)
        try editor.wipe(from: editor.header().l1TableOffset.rawValue, count: editor.geometry().tableByteCount)

        let qemu = try await bench.run(["qemu-img", "check", "-f", "qed", bench.path])[0]
        #expect(qemu.status == 3)
        #expect(qemu.output.contains("This means waste of disk space, but no harm to data."))

        let report = try bench.check()
        let orphans = report.findings.filter { $0.kind == .tableOrphaned }
        #expect(orphans.map(\.fileOffset.rawValue) == tables)
        #expect(orphans.allSatisfy { $0.entryValue == 8 })
        #expect(try assessment(bench, report) == [.text("tree-lost"), .integer(7)])
    }

    @Test func lostL1EntryIsNamed() async throws {
        let bench = try Bench()
        try await bench.run(
            ["qemu-img", "create", "-q", "-f", "qed", bench.path, "6G"],
            ["qemu-io", "-c", "write -P 1 0 1M", "-c", "write -P 2 2G 1M", "-c", "write -P 3 4G 1M", bench.path])
        let editor = try ImageEditor(path: bench.path)
        let table = try editor.readL1(1)
        try editor.writeL1(0, at: 1)
        let qemu = try await bench.checkWithQEMU()
        #expect(qemu.status == 3 && qemu.counters?.leaks == 20)
        let orphans = try bench.check().findings.filter { $0.kind == .tableOrphaned }
        #expect(orphans.map(\.fileOffset.rawValue) == [table])
        #expect(orphans.map(\.place) == [TableIndex(l1Index: 1)])
        #expect(orphans.map(\.guestRange) == [GuestRange(offset: 2 << 30, length: 2 << 30)])
        #expect(try assessment(bench, bench.check()) == [.text("tree-lost"), .integer(1)])
    }

    /// A crash leaves the same clusters as the loss of an L1 entry, but at the end and in a dirty image.
    @Test(arguments: CrashState.all.filter { $0.leaks > 0 })
    func crashIsHarmless(_ state: CrashState) async throws {
        let bench = try Bench()
        try await CrashStateTests.crash(state, on: bench)
        let report = try bench.check()
        let tables = report.findings.filter { $0.kind == .tableOrphaned }.count
        #expect(tables == (state.leaks == 5 ? 1 : 0))
        #expect(try assessment(bench, report) == [.text("harmless"), .integer(Int64(tables))])
    }
}
