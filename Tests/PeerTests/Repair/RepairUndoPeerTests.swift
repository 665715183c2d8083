import TestSupport
import Testing

@testable import QED

@Suite(.enabled(if: Peer.isInstalled, "qemu-utils is not installed"))
struct RepairUndoPeerTests {
    /// Two repairs with a guest's write between them: the second can be undone, and the first no more.
    @Test func whatAGuestWroteBetweenTwoRepairsIsKept() async throws {
        let bench = try Bench()
        try await bench.run(
            ["qemu-img", "create", "-q", "-f", "qed", bench.path, "64M"],
            ["qemu-io", "-f", "qed", "-c", "write -P 0x33 0 1M", bench.path])
        try bench.edit { editor in try editor.writeL2(editor.readL2(0, of: 0), at: 1, of: 0) }
        try await bench.repair()
        try await bench.run(["qemu-io", "-f", "qed", "-c", "write -P 0x44 6M 64k", bench.path])
        try bench.edit { editor in try editor.write(editor.read(.features) | 2, to: .features) }
        try await bench.repair()
        let second = try await bench.undo(2)
        #expect(second.status & 1 == 1, "\(second)")
        let bytes = try bench.contents()
        let first = try await bench.undo(1)
        #expect(first.status == 8 && first.errors.contains("was used between repair 1 and a later one"), "\(first)")
        #expect(try bench.contents() == bytes)
        let reading = try await bench.read(["read -P 0x44 6M 64k"])
        #expect(reading.status == 0 && !reading.output.contains("verification failed"), "\(reading)")
    }
}
