import Lab
import QED
import TestSupport
import Testing

/// What a guest reads of an overlay whose entries were cleared: its base holds 0x11, the overlay 0x22 in two tables.
@Suite(.enabled(if: Peer.isInstalled, "qemu-utils is not installed"))
struct RepairBackingTests {
    /// Tables map 2 GiB each.
    private static let secondTable = UInt64(2 << 30)

    private enum Damage: CaseIterable {
        case l2Entry, l1Entry
    }

    private static func overlay(_ damage: Damage) async throws -> Bench {
        let bench = try Bench()
        try await bench.run(
            ["qemu-img", "create", "-q", "-f", "qed", "base.qed", "4G"],
            ["qemu-io", "-f", "qed", "-c", "write -P 0x11 0 1M", "-c", "write -P 0x11 2G 1M", "base.qed"],
            ["qemu-img", "create", "-q", "-f", "qed", "-b", "base.qed", "-F", "qed", bench.path],
            ["qemu-io", "-f", "qed", "-c", "write -P 0x22 0 256k", "-c", "write -P 0x22 2G 256k", bench.path])
        try bench.edit { editor in
            switch damage {
            case .l2Entry: try editor.writeL2(1 << 40, at: 1, of: 1)
            case .l1Entry: try editor.writeL1(1 << 40, at: 1)
            }
        }
        return bench
    }

    /// The bytes that no damage touches, and those that it does.
    private static func expectations(_ damage: Damage, pattern: String) -> [String] {
        let intact = ["read -P 0x22 0 256k", "read -P 0x11 512k 512k"]
        switch damage {
        case .l2Entry:
            return intact + [
                "read -P 0x22 2G 64k", "read -P \(pattern) \(secondTable + 65536) 64k",
                "read -P 0x22 \(secondTable + 131_072) 128k", "read -P 0x11 \(secondTable + 524_288) 512k",
            ]
        case .l1Entry: return intact + ["read -P \(pattern) 2G 1M"]
        }
    }

    private static func expect(_ commands: [String], of bench: Bench) async throws {
        let reading = try await bench.read(commands, withBacking: true)
        #expect(reading.status == 0, "\(reading)")
        #expect(!reading.output.contains("verification failed"), "\(reading.output)")
    }

    @Test(arguments: Damage.allCases)
    private func zeroReadsZeros(_ damage: Damage) async throws {
        let bench = try await Self.overlay(damage)
        let before = try bench.contents()
        try await bench.repair("--invalid", "zero")
        try await Self.expect(Self.expectations(damage, pattern: "0"), of: bench)
        #expect(try await bench.checkWithQEMU().counters?.corruptions == 0)
        try await bench.undoRepair()
        #expect(try bench.contents() == before)
    }

    @Test(arguments: Damage.allCases)
    private func unallocatedReadsTheBackingFileAsAfterQEMUsRepair(_ damage: Damage) async throws {
        let bench = try await Self.overlay(damage)
        let copy = bench.directory.file("copy.qed")
        try await bench.run(["cp", bench.path, copy], ["qemu-img", "check", "-q", "-r", "all", copy])
        try await bench.repair()
        try await Self.expect(Self.expectations(damage, pattern: "0x11"), of: bench)
        #expect(try FileContents(path: bench.path) == FileContents(path: copy))
    }

    @Test(arguments: Damage.allCases)
    private func keptEntriesStay(_ damage: Damage) async throws {
        let bench = try await Self.overlay(damage)
        let before = try bench.contents()
        let status = try await bench.repair("--invalid", "keep")
        #expect(status & 4 != 0)
        #expect(try bench.contents() == before)
    }
}
