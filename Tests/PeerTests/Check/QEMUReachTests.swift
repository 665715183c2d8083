import Files
import Foundation
import Glibc
import Lab
import QED
import TestSupport
import Testing

@testable import qedscan

/// Files about which QEMU says nothing, or nothing true: vast ones, unreadable ones, odd names and backing files.
@Suite(.enabled(if: Peer.isInstalled, "qemu-utils is not installed"))
struct QEMUReachTests {
    private static let qedscan = Tool.built("qedscan")

    private static func smallPlan() -> ImagePlan {
        var plan = ImagePlan()
        plan.imageSize = 6 << 30
        plan.guestClusters = .firstOfEachTable(4)
        return plan
    }

    /// ext4 ends at 16 TiB, tmpfs does not.
    private static func vastFile() -> String { "/dev/shm/qedscan-test-\(UUID().uuidString).qed" }

    private static let mayMakeVastFiles: Bool = {
        let path = vastFile()
        defer { unlink(path) }
        let descriptor = creat(path, 0o600)
        defer { close(descriptor) }
        return descriptor >= 0 && ftruncate(descriptor, 1 << 44) == 0
    }()

    /// 2^43 bytes give a negative number, 2^44 a small one.
    @Test(
        .enabled(if: QEMUReachTests.mayMakeVastFiles, "no file of 2^44 bytes can be made in /dev/shm"),
        arguments: [(UInt64(1 << 43), Int64(-2_146_959_235)), (1 << 44, 1_048_829)])
    func countersAre32Bit(fileSize: UInt64, printed: Int64) async throws {
        let image = QEMUReachTests.vastFile()
        defer { unlink(image) }
        var plan = ImagePlan()
        plan.clusterSize = 4096
        plan.tableSize = 2
        plan.imageSize = 1 << 20
        plan.guestClusters = .first(0)
        try ImageWriter(plan).write(to: image)
        try ImageEditor(path: image).truncate(to: fileSize)
        let report = Checker().check(try ImageFile(path: RawPath(image)))
        #expect(report.leaks == fileSize / 4096 - 3)
        #expect(report.qemuLeaks == printed)
        let runs = try await ShellBatch.run(
            [["qemu-img", "check", "--output=json", QEMUImage.withoutBacking(image)]], in: "/")
        #expect(try PeerResult(runs[0]).counters?.leaks == printed)
    }

    @Test func aReadErrorLeavesTheOtherTablesChecked() async throws {
        let bench = try Bench()
        try ImageWriter(Self.smallPlan()).write(to: bench.path)
        let faulty =
            "json:{\"driver\":\"qed\",\"file\":{\"driver\":\"blkdebug\",\"image\":{\"driver\":\"file\","
            + "\"filename\":\"\(bench.path)\"},\"inject-error\":[{\"event\":\"l2_load\",\"errno\":5,\"once\":true}]}}"
        let run = try await bench.run(["qemu-img", "check", "--output=json", faulty])[0]
        #expect(run.status == 1 && run.output.isEmpty)

        let table = try ImageEditor(path: bench.path).readL1(1)
        let file = try ImageFile(path: RawPath(bench.path))
        let report = Checker().check(SourceWithBadSectors(file: file, unreadable: table..<table + 8))
        #expect(report.outcome == .incomplete && report.checkErrors == 1)
        #expect(report.counts.allocated == 8 && report.leaks == 0 && report.corruptions == 0)
    }

    @Test func aFIFODoesNotHang() async throws {
        let bench = try Bench("pipe.qed")
        #expect(mkfifo(bench.path, 0o600) == 0)
        try await expectTimeOut(of: "qemu-img", ourStatus: 1, bench)
    }

    @Test func aBackingLoopDoesNotHang() async throws {
        let bench = try Bench()
        try await bench.run(
            ["qemu-img", "create", "-q", "-f", "qed", "image.qed", "1M"],
            ["qemu-img", "create", "-q", "-f", "qed", "other.qed", "1M"],
            ["qemu-img", "rebase", "-q", "-u", "-b", "other.qed", "-F", "qed", "image.qed"],
            ["qemu-img", "rebase", "-q", "-u", "-b", "image.qed", "-F", "qed", "other.qed"])
        try await expectTimeOut(of: "qemu-img", ourStatus: 0, bench)
    }

    @Test func missingBackingFileIsNoObstacle() async throws {
        let bench = try Bench()
        let create = ["qemu-img", "create", "-q", "-f", "qed", "-u", "-b", "gone", "-F", "raw", bench.path, "1M"]
        try await bench.run(create)
        let (qemu, ours) = try await check("image.qed", bench)
        #expect(qemu.status == 1 && qemu.errors.contains("Could not open backing file"))
        #expect(ours.status == 0)
    }

    @Test func colonInANameIsNoProtocol() async throws {
        let bench = try Bench("a:b.qed")
        try ImageWriter(Self.smallPlan()).write(to: bench.path)
        let (qemu, ours) = try await check("a:b.qed", bench)
        #expect(qemu.status == 1 && qemu.errors.contains("Unknown protocol 'a'"))
        #expect(ours.status == 0 && ours.output.contains("12/98304 = 0.01% allocated"))
    }

    private func check(_ name: String, _ bench: Bench) async throws -> (ShellBatch.Result, ShellBatch.Result) {
        let qedscan = try #require(Self.qedscan)
        let runs = try await bench.run(
            ["qemu-img", "check", "-f", "qed", name], [qedscan.path, "check", "-f", "qed", name])
        return (runs[0], runs[1])
    }

    /// 124 is the status of timeout(1).
    private func expectTimeOut(of program: String, ourStatus: Int32, _ bench: Bench) async throws {
        let qedscan = try #require(Self.qedscan)
        let runs = try await bench.run(
            ["timeout", "1", program, "check", "-f", "qed", bench.path],
            ["timeout", "20", qedscan.path, "check", "-f", "qed", bench.path])
        #expect(runs[0].status == 124)
        #expect(runs[1].status == ourStatus)
    }
}
