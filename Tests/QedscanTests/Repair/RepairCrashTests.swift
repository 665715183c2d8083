import Foundation
import Store
import TestSupport
import Testing

/// Repairs and undos killed before each call that changes the image or the store, and how the next runs recover them.
@Suite(.enabled(if: Strace.isPossible, "strace cannot trace here"), .endsInTime)
struct RepairCrashTests {
    enum Command: CaseIterable { case repair, undo }
    enum Target: CaseIterable { case image, store }

    private static let calls = ["pwrite64", "fdatasync", "fsync", "ftruncate", "fallocate"]

    private let fixture: ScanFixture
    private let image: String
    /// The image's bytes before and after a repair that nothing disturbed.
    private let damaged: Data
    private let repaired: Data

    init() async throws {
        fixture = try ScanFixture()
        image = try fixture.addDamaged()
        damaged = try fixture.directory.contents("pool/disk.qed")
        #expect(try await fixture.scan().status == 4)
        #expect(try await fixture.repair().status == 1 | 2)
        repaired = try fixture.directory.contents("pool/disk.qed")
        #expect(repaired != damaged)
        #expect(try await fixture.undo("1").status == 1 | 4)
        #expect(try bytes() == damaged)
    }

    @Test(arguments: Command.allCases, Target.allCases)
    func aKilledCommandIsRecoveredByTheNextRepair(_ command: Command, _ target: Target) async throws {
        let paths = target == .image ? [image] : [fixture.store, fixture.store + "-wal"]
        let strace = try #require(Strace(fixture.tool, on: paths, environment: fixture.environment))
        let (result, counts) = try await strace.count(RepairCrashTests.calls, try await arguments(of: command))
        #expect(result.status == (command == .repair ? 1 | 2 : 1 | 4))
        try await expectUndone(command == .repair)
        let points = counts.sorted { $0.key < $1.key }.flatMap { call in (1...call.value).map { (call.key, $0) } }
        print("\(command), calls on the \(target): \(points.count) kill points, \(counts)")
        try #require(points.count >= 8)
        for (call, number) in points {
            let killed = try await strace.run(
                try await arguments(of: command), injecting: "signal=SIGKILL:when=\(number)", into: call)
            #expect(killed.status == -9, "\(call) \(number): \(killed)")
            let isPrepared = try await expectScanWarnsAndTouchesNothing("\(call) \(number)")
            #expect(target == .store || isPrepared, "\(call) \(number)")
            try await expectSettled(command, wasPrepared: isPrepared, "\(call) \(number)")
        }
        try await expectUndone(command == .undo)
        #expect(try fixture.value("SELECT count(*) FROM repair WHERE state = 'conflict'") == .integer(0))
    }

    /// An undo needs a repair.
    private func arguments(of command: Command) async throws -> [String] {
        if command == .repair { return ["repair", "--yes", "--settle", "0s", image] }
        if try bytes() != repaired {
            let made = try await fixture.repair(image)
            #expect(made.status == 1 | 2, "\(made.errors)")
        }
        return ["undo", "--yes", "--settle", "0s", try newest()]
    }

    private func expectScanWarnsAndTouchesNothing(_ point: String) async throws -> Bool {
        let before = try FileState(image)
        let scan = try await fixture.scan("-q")
        #expect(try FileState(image) == before, "\(point)")
        let isPrepared = try fixture.value("SELECT count(*) FROM repair WHERE state = 'prepared'") == .integer(1)
        #expect((scan.status & 8 != 0) == isPrepared, "\(point): \(scan)")
        #expect(scan.errors.contains("interrupted, and not settled yet: repair") == isPrepared, "\(point): \(scan)")
        #expect(isPrepared || [damaged, repaired].contains(before.bytes), "\(point)")
        return isPrepared
    }

    /// The recovery of a repair or of an undo restores the damaged image; the repair is then made.
    private func expectSettled(_ command: Command, wasPrepared: Bool, _ point: String) async throws {
        let next = try await fixture.repair()
        #expect(next.status & 8 == 0, "\(point): \(next)")
        let state = command == .repair ? "rolled_back" : "done"
        #expect(next.output.contains(": \(state): interrupted; ") == wasPrepared, "\(point): \(next)")
        #expect(try bytes() == repaired, "\(point): \(next)")
        #expect(try fixture.value("PRAGMA integrity_check") == .text("ok"), "\(point)")
        #expect(try fixture.value("PRAGMA foreign_key_check") == .null, "\(point)")
        if command == .repair { try await expectUndone(true) }
    }

    /// Takes back the newest repair.
    private func expectUndone(_ isNeeded: Bool) async throws {
        if isNeeded {
            let undone = try await fixture.undo(try newest())
            #expect(undone.status == 1 | 4, "\(undone)")
        }
        #expect(try bytes() == damaged)
    }

    private func bytes() throws -> Data { try fixture.directory.contents("pool/disk.qed") }

    /// The newest repair in effect.
    private func newest() throws -> String {
        let id = try fixture.value(
            """
            SELECT max(repair_id) FROM repair_history
            WHERE state = 'done' AND undoes_repair_id IS NULL AND undone_by_repair_id IS NULL
            """)
        guard case .integer(let number) = id else { throw CocoaError(.featureUnsupported) }
        return String(number)
    }
}
