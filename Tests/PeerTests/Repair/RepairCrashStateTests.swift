import Lab
import QED
import TestSupport
import Testing

/// Images that QEMU left behind in the midst of a write, repaired by us and by QEMU.
@Suite(.enabled(if: Peer.isInstalled, "qemu-utils is not installed"))
struct RepairCrashStateTests {
    private static let dirtyStates = CrashState.all.filter(\.isDirty)

    @Test(arguments: dirtyStates)
    func dirtyBitIsClearedAndDataIsIntact(_ state: CrashState) async throws {
        let bench = try Bench()
        try await CrashStateTests.crash(state, on: bench)
        let before = try bench.contents()
        #expect(try bench.isDirty())
        try await bench.repair()
        #expect(try !bench.isDirty())
        let patterns = state.earlier.filter { $0.hasPrefix("write -P") }
            .map { "read" + $0.dropFirst("write".count) }
        let reading = try await bench.read(patterns + ["read -P 0 4G 64k"])
        #expect(reading.status == 0, "\(reading)")
        #expect(!reading.output.contains("verification failed"), "\(reading.output)")
        let qemu = try await bench.checkWithQEMU()
        #expect(qemu.counters?.corruptions == 0 && qemu.counters?.leaks == Int64(state.leaks))
        try await bench.undoRepair()
        #expect(try bench.contents() == before)
    }

    /// A shared L2 table stays unless its repair is asked for. QEMU cannot repair it either, but clears the bit.
    @Test(arguments: dirtyStates.filter { $0.earlier.isEmpty == false && $0.allocated > 0 })
    func dirtyBitStaysWhileCorruptionIsLeft(_ state: CrashState) async throws {
        let bench = try Bench()
        try await CrashStateTests.crash(state, on: bench)
        try bench.edit { try $0.writeL1(try $0.readL1(0), at: 2) }
        let copy = bench.directory.file("copy.qed")
        try await bench.run(["cp", bench.path, copy])
        let status = try await bench.repair()
        #expect(status & 4 != 0)
        #expect(try bench.isDirty())
        #expect(try bench.check().corruptions > 0)

        let qemu = try await bench.run(
            ["qemu-img", "check", "-r", "all", copy], ["qemu-img", "check", "--output=json", copy])
        #expect(qemu[0].status == 2)
        #expect(try PeerResult(qemu[1]).counters?.corruptions == 4)
        let header = try ImageEditor(path: copy).header()
        #expect(!header.features.contains(.needCheck))

        // Once nothing is wrong any more the bit goes too.
        try await bench.repair("--also", "clone-tables")
        #expect(try !bench.isDirty())
        #expect(try await bench.checkWithQEMU().counters?.corruptions == 0)
        let reading = try await bench.read(["read -P 7 0 256k", "read -P 7 4G 256k"])
        #expect(reading.status == 0 && !reading.output.contains("verification failed"), "\(reading)")
    }
}
