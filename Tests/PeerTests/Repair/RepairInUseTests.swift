import Foundation
import Glibc
import Lab
import TestSupport
import Testing

/// The program's repairs beside programs that have images open.
@Suite(.ownThread, .enabled(if: Peer.isInstalled, "qemu-utils is not installed"), .endsInTime)
struct RepairInUseTests {
    @Test(arguments: [false, true])
    func anImageThatQEMUHasOpenIsRefusedAndTheOthersAreRepaired(isReadOnly: Bool) async throws {
        let pool = try await DamagedPool()
        let holder = try await QEMUHolder(opening: pool.held, readOnly: isReadOnly)
        try await pool.expectOnlyTheOtherIsRepaired(
            isReadOnly ? "the locks of a QEMU reader" : "the locks of a QEMU writer", test: "locks")
        holder.close()
        #expect(try await pool.repair().status == 1 | 2)
    }

    @Test func anImageOfANetworkServerIsRefused() async throws {
        let pool = try await DamagedPool()
        let socket = pool.directory.file("nbd")
        let server = try #require(Peer.nbd).start(["-t", "-f", "qed", "-k", socket, pool.held])
        #expect(try await eventually { FileManager.default.fileExists(atPath: socket) })
        try await pool.expectOnlyTheOtherIsRepaired("the locks of a QEMU writer", test: "locks")
        server.stop()
        #expect(try await pool.repair().status == 1 | 2)
    }

    @Test func aReaderWithoutLocksIsRefused() async throws {
        let pool = try await DamagedPool()
        let tail = try #require(Tool("tail")).start(["-c", "1", "-f", pool.held])
        #expect(try await eventually { try !tail.output().isEmpty })
        try await pool.expectOnlyTheOtherIsRepaired("another program has it open, without a lock", test: "lease")
        tail.stop()
        #expect(try await pool.repair().status == 1 | 2)
    }

    @Test(.enabled(if: Strace.isPossible, "strace cannot trace here"))
    func noQEMUOpensAnImageUnderRepairAndEveryOneDoesAfterwards() async throws {
        let pool = try await DamagedPool()
        let strace = try #require(Strace(pool.qedscan, on: [pool.held], environment: [:]))
        let repair = try strace.start(
            pool.arguments + [pool.held], injecting: "signal=SIGSTOP:when=1", into: "pwrite64")
        #expect(
            try await eventually {
                try FileManager.default.attributesOfItem(atPath: pool.held)[.size] as? Int == 13 * 4096
            })
        let runs = try await ShellBatch.run(
            [
                ["qemu-io", "-c", "write -P 7 0 512", pool.held], ["qemu-io", "-r", "-c", "read 0 512", pool.held],
                ["qemu-img", "check", "-r", "all", pool.held],
            ], in: pool.directory.path)
        for run in runs { #expect(run.status == 1 && run.errors.contains("lock"), "\(run)") }
        let status = await repair.resume()
        let errors = try repair.errors()
        #expect(status == 1 | 2, "\(errors)")
        let after = try await ShellBatch.run(
            [
                ["qemu-io", "-c", "write -P 7 0 512", "-c", "read -P 7 0 512", pool.held],
                ["qemu-img", "check", "-f", "qed", pool.held],
            ], in: pool.directory.path)
        #expect(after[0].status == 0 && !after[0].output.contains("failed"), "\(after[0])")
        #expect(after[1].status == 3, "only the leak is left: \(after[1])")
    }

    /// A scan that meets the moment of the lease test must not take it for an error.
    @Test func scansInALoopSeeNoErrorAndRepairsOnlyRefuse() async throws {
        let pool = try await DamagedPool(others: 10)
        let script = """
            while [ ! -e stop ]; do
                '\(pool.qedscan.path)' scan -q --full --db loop.db pool >>scan.out 2>>scan.err
                s=$?; [ $((s & ~14)) = 0 ] || echo "status $s" >>scan.err; echo >>scans
            done
            """
        let loop = try #require(Tool("sh")).start(["-c", "cd '\(pool.directory.path)' && \(script)"])
        let scans = pool.directory.file("scans")
        #expect(try await eventually { FileManager.default.fileExists(atPath: scans) })
        var rounds = 0
        while rounds < 20 {
            rounds += 1
            let result = try await pool.repair()
            #expect(result.status & ~15 == 0, "\(result)")
            // Those that the scan had open at the moment are refused, and taken the next time.
            for line in result.errors.split(separator: "\n") {
                #expect(line.contains("(test: lease)") || line.contains("(test: locks)"), "\(line)")
            }
            if result.errors.isEmpty { break }
        }
        #expect(rounds < 20)
        _ = try pool.directory.write([], to: "stop")
        #expect(await loop.wait() == 0)
        #expect(try String(contentsOfFile: pool.directory.file("scan.err"), encoding: .utf8) == "")
    }
}

/// Images with a shared cluster and data, scanned.
private struct DamagedPool {
    let directory: TemporaryDirectory
    let qedscan: Tool
    let held: String

    init(others: Int = 1) async throws {
        directory = try TemporaryDirectory()
        let pool = try directory.makeDirectory("pool")
        guard let qedscan = Tool.built("qedscan") else { throw BatchError(reason: "qedscan is not built") }
        self.qedscan = qedscan
        held = "\(pool)/held.qed"
        var plan = ImagePlan()
        plan.clusterSize = 4096
        plan.tableSize = 2
        plan.imageSize = 4 << 20
        // Header, L1 table 1-2, L2 table 3-4, data 5-11.
        plan.guestClusters = .first(7)
        plan.writesData = true
        for path in [held] + (0..<others).map({ "\(pool)/other-\($0).qed" }) {
            try ImageWriter(plan).write(to: path)
            try ImageEditor(path: path).writeL2(5 * 4096, at: 3, of: 0)
        }
        let scan = try await qedscan.run(["--db", directory.file("store.db"), "scan", "-q", pool])
        guard scan.status == 4 else { throw BatchError(reason: "\(scan)") }
    }

    var arguments: [String] { ["--db", directory.file("store.db"), "repair", "--yes", "--settle", "0s"] }

    func repair() async throws -> Tool.Result { try await qedscan.run(arguments) }

    func expectOnlyTheOtherIsRepaired(_ reason: String, test: String) async throws {
        let before = try ImageState.all(in: directory.file("pool"))
        let result = try await repair()
        #expect(result.status == 1 | 2 | 4 | 8, "\(result)")
        let lines = (result.output + result.errors).split(separator: "\n").filter { $0.contains("/held.qed: ") }
        let refusal = try #require(lines.last)
        #expect(refusal.contains(reason) && refusal.hasSuffix("(test: \(test)); end that program first"), "\(refusal)")
        #expect(result.output.contains("other-0.qed: repair 1: corrupt (1 corruption, 1 leak) -> leaking (1 leak)"))
        let after = try ImageState.all(in: directory.file("pool"))
        #expect(after["held.qed"] == before["held.qed"])
        #expect(after["other-0.qed"] != before["other-0.qed"])
    }
}
