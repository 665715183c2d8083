import Lab
import QED
import TestSupport
import Testing

/// Leaks given back, by what QEMU and the file system say of it.
@Suite(.enabled(if: Peer.isInstalled, "qemu-utils is not installed"))
struct RepairLeakTests {
    /// 4 MiB in 64 KiB clusters, of which eight are lost in the midst and sixteen at the end.
    private static func leaking() async throws -> Bench {
        let bench = try Bench()
        try await bench.run(
            ["qemu-img", "create", "-q", "-f", "qed", bench.path, "1G"],
            // The table comes after the data of the first write.
            ["qemu-io", "-f", "qed", "-c", "write -P 0x33 0 1M", "-c", "write -P 0x33 1M 3M", bench.path])
        try bench.edit { editor in
            for index in Array(8..<16) + Array(48..<64) { try editor.writeL2(0, at: index, of: 0) }
        }
        return bench
    }

    private static let patterns = [
        "read -P 0x33 0 512k", "read -P 0 512k 512k", "read -P 0x33 1M 2M", "read -P 0 3M 1M",
    ]

    @Test func nothingIsLeakedAfterwardsAndTheDiskIsFree() async throws {
        let bench = try await Self.leaking()
        #expect(try await bench.checkWithQEMU().counters?.leaks == 24)
        // The space that a file occupies is known only once it is written out.
        try await bench.run(["sync", bench.path])
        let (size, usage) = (try bench.contents().count, try bench.diskUsage())
        try await bench.repair("--reclaim-leaks")
        // What is a hole in the midst of the file still counts as leaked: the file has no other way to say so.
        #expect(try await bench.checkWithQEMU().counters?.leaks == 8)
        #expect(try bench.contents().count == size - 16 * 65536)
        // An extent more may take the file system a block.
        #expect(try bench.diskUsage() <= usage - 23 * 65536, "\(usage) before")
        let reading = try await bench.read(Self.patterns)
        #expect(reading.status == 0 && !reading.output.contains("verification failed"), "\(reading)")
    }

    @Test func leaksAtTheEndAreGone() async throws {
        let bench = try await Self.leaking()
        // Those in the midst are mapped again.
        try bench.edit { editor in
            let first = try editor.readL2(0, of: 0)
            for index in 8..<16 { try editor.writeL2(first + UInt64(index) * 65536, at: index, of: 0) }
        }
        try await bench.repair("--reclaim-leaks")
        #expect(try await bench.checkWithQEMU().status == 0)
        #expect(try bench.check().outcome == .clean)
    }

    @Test func savedLeaksComeBack() async throws {
        let bench = try await Self.leaking()
        let before = try bench.contents()
        try await bench.repair("--reclaim-leaks", "--save-leaked")
        #expect(try bench.contents() != before)
        try await bench.undoRepair()
        #expect(try bench.contents() == before)
        #expect(try await bench.checkWithQEMU().counters?.leaks == 24)
    }

    /// Genuine leaks, by a crash between the data and its entry.
    @Test func leaksOfACrashAreGivenBack() async throws {
        let state = try #require(CrashState.all.first { $0.isDirty && $0.leaks == 5 && !$0.earlier.isEmpty })
        let bench = try Bench()
        try await CrashStateTests.crash(state, on: bench)
        try await bench.repair("--reclaim-leaks")
        #expect(try await bench.checkWithQEMU().status == 0)
        #expect(try !bench.isDirty())
        let reading = try await bench.read(["read -P 7 0 256k"])
        #expect(reading.status == 0 && !reading.output.contains("verification failed"), "\(reading)")
    }
}
