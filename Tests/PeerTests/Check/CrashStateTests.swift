import QED
import TestSupport
import Testing

/// A way for qemu-io to end in the midst of a write, and what it leaves behind. L1 entries map 2 GiB each.
struct CrashState: Sendable, CustomStringConvertible {
    let description: String
    var hasBackingFile = false
    /// Commands of a run before, that ends well.
    var earlier: [String] = []
    let commands: [String]
    var injectedErrors = ""
    var isDirty = true
    let leaks: UInt64
    let allocated: UInt64

    /// Ends at an event of the block layer, when a write of one cluster has got so far.
    private static func ending(
        at event: String, writing range: String, earlier: [String] = [], leaks: UInt64, allocated: UInt64
    ) -> CrashState {
        CrashState(
            description: "\(event), \(range)" + (earlier.isEmpty ? "" : " after \(earlier)"), earlier: earlier,
            commands: ["break \(event) A", "aio_write -P 1 \(range)", "wait_break A", "abort"], leaks: leaks,
            allocated: allocated)
    }

    private static let data = ["write -P 7 0 256k"]

    static let all: [CrashState] = [
        // The header is marked before anything is allocated on disk.
        ending(at: "write_aio", writing: "1M 64k", leaks: 0, allocated: 0),
        ending(at: "write_aio", writing: "1M 64k", earlier: data, leaks: 0, allocated: 4),
        // The data is on disk, and no entry refers to it.
        ending(at: "l2_update", writing: "1M 64k", leaks: 1, allocated: 0),
        ending(at: "l2_update", writing: "1M 64k", earlier: data, leaks: 1, allocated: 4),
        ending(at: "l2_update", writing: "3G 192k", earlier: data + ["write -P 8 2G 64k"], leaks: 3, allocated: 5),
        // The L2 table is on disk too, and no entry refers to that: 4 clusters and the data.
        ending(at: "l1_update", writing: "1M 64k", leaks: 5, allocated: 0),
        ending(at: "l1_update", writing: "3G 64k", earlier: data, leaks: 5, allocated: 4),
        CrashState(
            description: "after a write", commands: ["write -P 1 1M 64k", "abort"], leaks: 0, allocated: 1),
        CrashState(
            description: "after a write of zeros", earlier: data, commands: ["write -z 1M 64k", "abort"], leaks: 0,
            allocated: 4),
        CrashState(
            description: "an error at l2_update", earlier: data, commands: ["write -P 1 1M 64k"],
            injectedErrors: ",\"inject-error\":[{\"event\":\"l2_update\",\"errno\":5,\"once\":true}]",
            isDirty: false, leaks: 1, allocated: 4),
        // With a backing file QEMU flushes before each update of a table, and never marks the image.
        CrashState(
            description: "l2_update of an overlay", hasBackingFile: true,
            commands: ["break l2_update A", "aio_write -P 1 1M 64k", "wait_break A", "abort"], isDirty: false,
            leaks: 1, allocated: 0),
        CrashState(
            description: "after a write to an overlay", hasBackingFile: true, commands: ["write -P 1 1M 64k", "abort"],
            isDirty: false, leaks: 0, allocated: 1),
    ]
}

@Suite(.enabled(if: Peer.isInstalled, "qemu-utils is not installed"))
struct CrashStateTests {
    @Test(arguments: CrashState.all)
    func crashLeavesWhatIsExpected(_ state: CrashState) async throws {
        let bench = try Bench()
        try await CrashStateTests.crash(state, on: bench)
        let qemu = try await bench.checkWithQEMU()
        for usesFastPass in [true, false] {
            let report = try bench.check(usesFastPass: usesFastPass)
            #expect(report.isDirty == state.isDirty)
            #expect(report.leaks == state.leaks)
            #expect(report.corruptions == 0)
            #expect(report.counts.allocated == state.allocated)
            let counters = PeerResult.Counters(report, leaks: Int64(clamping: report.leaks))
            #expect(PeerResult(status: counters.status, counters: counters) == qemu)
        }
    }

    /// Opening the image read-write is what makes it clean again; a check of ours or of QEMU's does not.
    @Test func onlyAWriterClearsTheDirtyMark() async throws {
        let bench = try Bench()
        try await CrashStateTests.crash(CrashState.all[0], on: bench)
        _ = try await bench.checkWithQEMU()
        #expect(try bench.check().isDirty)
        try await bench.run(["qemu-io", "-c", "read 0 512", bench.path])
        #expect(try bench.check().isDirty == false)
    }

    static func crash(_ state: CrashState, on bench: Bench) async throws {
        let faulty =
            "json:{\"driver\":\"qed\",\"file\":{\"driver\":\"blkdebug\",\"image\":"
            + "{\"driver\":\"file\",\"filename\":\"\(bench.path)\"}\(state.injectedErrors)}}"
        func io(_ commands: [String], _ image: String) -> [String] {
            ["timeout", "20", "qemu-io"] + commands.flatMap { ["-c", $0] } + [image]
        }
        let backing = ["-b", try bench.directory.write([UInt8](repeating: 1, count: 65536), to: "base"), "-F", "raw"]
        let runs = try await bench.run(
            ["qemu-img", "create", "-q", "-f", "qed"] + (state.hasBackingFile ? backing : []) + [bench.path, "8G"],
            state.earlier.isEmpty ? ["true"] : io(state.earlier, bench.path),
            io(state.commands, faulty))
        #expect(runs[0].status == 0 && runs[1].status == 0)
        // Ended by SIGABRT, or by the error; 124 would be the time limit.
        #expect(runs[2].status != 0 && runs[2].status != 124, "\(runs[2])")
    }
}
