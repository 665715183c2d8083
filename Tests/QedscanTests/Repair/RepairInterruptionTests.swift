import Foundation
import Glibc
import Lab
import Store
import TestSupport
import Testing

/// Signals during a repair, and two repairs at once.
@Suite(.ownThread, .endsInTime) struct RepairInterruptionTests {
    private let fixture: ScanFixture
    private let first: String
    private let second: String

    init() async throws {
        fixture = try ScanFixture()
        first = try fixture.addDamaged("a.qed")
        second = try fixture.addDamaged("b.qed")
        _ = try await fixture.scan()
    }

    @Test(arguments: [SIGINT, SIGTERM]) func aSignalDuringTheWaitEndsIt(_ signal: Int32) async throws {
        let states = try [first, second].map { try FileState($0) }
        let plan = fixture.directory.file("plan.json")
        let repair = try fixture.tool.start(
            ["repair", "--yes", "--settle", "1h", "--plan-out", plan], environment: fixture.environment)
        #expect(try await eventually { FileManager.default.fileExists(atPath: plan) })
        kill(repair.processIdentifier, signal)
        #expect(await repair.wait() & 32 != 0)
        #expect(try [first, second].map { try FileState($0) } == states)
        #expect(try fixture.value("SELECT count(*) FROM repair") == .integer(0))
        #expect(try FileManager.default.contentsOfDirectory(atPath: fixture.pool).sorted() == ["a.qed", "b.qed"])
    }

    @Test(.enabled(if: FaultShim.isPossible, "nothing can be preloaded here"), arguments: [SIGINT, SIGTERM])
    func aSignalDuringARepairFinishesTheImageInHand(_ signal: Int32) async throws {
        let other = try FileState(second)
        // The first write to the image is done.
        let shim = FaultShim(fixture.tool, on: first, environment: fixture.environment)
        let (repair, gate) = try shim.start(["repair", "--yes", "--settle", "0s"], pausingAt: "pwrite", 2)
        try #require(gate.isReached(by: repair))
        #expect(try isUnderWay())
        kill(repair.processIdentifier, signal)
        #expect(try await eventually { try repair.hasBeenCancelled(by: signal) })
        try gate.open()
        let status = await repair.wait()
        let errors = try repair.errors()
        #expect(status == 1 | 2 | 32, "\(errors)")
        #expect(try repair.output().contains("a.qed: repair 1: corrupt, dirty (3 corruptions, 2 leaks) -> leaking"))
        #expect(try repair.output().contains("1 repaired, 1 not started"))
        #expect(try FileState(second) == other)
        #expect(try fixture.value("SELECT group_concat(state) FROM repair") == .text("done"))
        #expect(try await fixture.repair().status == 1 | 2)
    }

    @Test(.enabled(if: Strace.isPossible, "strace cannot trace here"))
    func aSecondRepairOfOneStoreIsRefusedAndSaysWhoHasIt() async throws {
        let repair = try startStopping(["repair", "--yes", "--settle", "0s", first])
        #expect(try await eventually { try isUnderWay() })
        for arguments in [["repair", "--yes"], ["undo", "--yes", "1"], ["scan", fixture.pool]] {
            let refused = try await fixture.run(arguments)
            #expect(refused.status == 8, "\(refused)")
            #expect(refused.errors.contains("process \(repair.processIdentifier) on "), "\(refused.errors)")
        }
        #expect(try await fixture.run("repair", "--list").status == 0, "readers go on")
        #expect(await repair.resume() == 1 | 2)
    }

    @Test(.enabled(if: Strace.isPossible, "strace cannot trace here"))
    func aRepairOfTheSamePoolByAnotherStoreIsRefused() async throws {
        let store = fixture.directory.file("other.db")
        #expect(try await fixture.run("--db", store, "scan", fixture.pool).status == 4)
        let states = try [FileState(second)]
        let repair = try startStopping(["repair", "--yes", "--settle", "0s", first])
        #expect(try await eventually { try isUnderWay() })
        let refused = try await fixture.run("--db", store, "repair", "--yes", "--settle", "0s")
        #expect(refused.status == 4 | 8, "\(refused)")
        // By then the image being repaired is changed or locked; the other one cannot be taken because of the lease.
        let text = refused.output + refused.errors
        #expect(text.contains("a.qed: left alone: ") || text.contains("a.qed: not repaired: "), "\(refused)")
        #expect(text.contains("b.qed: not repaired: cannot take the lease "), "\(refused)")
        #expect(text.contains("process \(repair.processIdentifier) on this host has repaired here since"))
        #expect(text.contains("(test: pool-lease); wait until it ends"))
        #expect(await repair.resume() == 1 | 2)
        #expect(try [FileState(second)] == states)
        let later = try await fixture.run("--db", store, "repair", "--yes", "--settle", "0s", second)
        #expect(later.status == 1 | 2, "\(later)")
    }

    // MARK: - Parts

    /// It stops at its first write to the first image, until it gets SIGCONT.
    private func startStopping(_ arguments: [String]) throws -> RunningTool {
        let strace = try #require(Strace(fixture.tool, on: [first], environment: fixture.environment))
        return try strace.start(arguments, injecting: "signal=SIGSTOP:when=1", into: "pwrite64")
    }

    /// The first image has grown.
    private func isUnderWay() throws -> Bool {
        try FileManager.default.attributesOfItem(atPath: first)[.size] as? Int == 13 * 4096
    }
}
