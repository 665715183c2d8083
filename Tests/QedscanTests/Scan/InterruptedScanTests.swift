import Corpus
import Foundation
import Glibc
import Lab
import SQLite
import Store
import TestSupport
import Testing

/// Interrupted scans, and what the next scan does then.
@Suite(.ownThread, .endsInTime) struct InterruptedScanTests {
    private let fixture: ScanFixture

    init() throws { fixture = try ScanFixture() }

    @Test(.enabled(if: FaultShim.isPossible, "nothing can be preloaded here"), arguments: [SIGINT, SIGTERM])
    func aSignalInterruptsAScanAndTheNextScanCompletesIt(_ signal: Int32) async throws {
        try fixture.addImage("clean.qed")
        let slow = try fixture.addImageOfManyTables()
        try await fixture.ageImages()
        let shim = FaultShim(fixture.tool, on: slow, environment: fixture.environment)
        let (scan, gate) = try shim.start(["scan", "-j", "2", fixture.pool], pausingAt: "pread", 3)
        try #require(gate.isReached(by: scan))
        // The other image is done.
        #expect(
            try await eventually {
                let database = try Database(path: fixture.store, mode: .readOnly)
                return try database.scalar("SELECT count(*) FROM check_result") == .integer(1)
            })
        kill(scan.processIdentifier, signal)
        #expect(try await eventually { try scan.hasBeenCancelled(by: signal) })
        try gate.open()
        #expect(await scan.wait() == 32)
        #expect(try scan.output().contains("interrupted"))
        #expect(try await fixture.rows("SELECT state FROM scan").first?["state"] as? String == "interrupted")
        #expect(try await fixture.checkCount() == 1, "what was done is kept, what was cancelled is not")

        #expect(try await fixture.run("scan", fixture.pool).status == 0)
        #expect(try await fixture.rows("SELECT state FROM scan WHERE id = 2").first?["state"] as? String == "completed")
        #expect(try await fixture.checkCount() == 2)
    }

    @Test(.enabled(if: FaultShim.isPossible, "nothing can be preloaded here"))
    func aKilledScanLosesNothingForTheNextOne() async throws {
        let seed = Seed.next()
        var random = SeededRandom(seed: seed)
        for (number, corpusCase) in CorpusCase.all.enumerated().filter({ $0.offset % 6 == 0 }) {
            try corpusCase.write(to: "\(fixture.pool)/\(number).qed")
        }
        _ = try await fixture.run("scan", fixture.pool)
        let undisturbed = try ScanFixture.knowledge(of: fixture.store)
        #expect(undisturbed.count > 10)
        // Killed before any call that it makes: nothing outside the program changes between two calls.
        let shim = FaultShim(fixture.tool, on: fixture.directory.path, environment: fixture.environment)
        let counts = try shim.run(["--db", fixture.directory.file("whole.db"), "scan", "-j", "2", fixture.pool]).counts
        let calls = counts.sorted { $0.key < $1.key }.flatMap { call, count in (0..<count).map { (call, $0 + 1) } }
        for round in 0..<20 {
            let store = fixture.directory.file("killed-\(round).db")
            let (call, number) = try #require(calls.randomElement(using: &random))
            // With two workers the last calls of a kind are not in every run.
            let run = try shim.run(
                ["--db", store, "scan", "-j", "2", fixture.pool], Fault(call, number, .kill))
            let story: Comment = "QEDSCAN_SEED=\(seed), round \(round): killed at \(call) \(number)"
            #expect(run.status == -SIGKILL || run.fired == nil, story)
            if FileManager.default.fileExists(atPath: store) {
                let database = try Database(path: store, mode: .readWrite)
                #expect(try database.scalar("PRAGMA integrity_check") == .text("ok"), story)
            }
            let next = try await fixture.run("--db", store, "scan", fixture.pool)
            #expect(next.status == 2 | 4 | 8, story)
            #expect(try ScanFixture.knowledge(of: store) == undisturbed, story)
            let running = try Database(path: store, mode: .readOnly).scalar(
                "SELECT count(*) FROM scan WHERE state = 'running'")
            #expect(running == .integer(0), story)
        }
    }

    @Test func aSecondScanOfAStoreIsRefusedAndSaysWhoHasIt() async throws {
        try fixture.addImage()
        _ = try await fixture.run("scan", fixture.pool)
        let lock = try RunLock(storePath: fixture.store, host: "elsewhere")
        let refused = try await fixture.run("scan", fixture.pool)
        #expect(refused.status == 8)
        #expect(refused.errors.split(separator: "\n").count == 1)
        #expect(refused.errors.contains("process \(getpid()) on elsewhere, since 20"))
        #expect(try await fixture.number("SELECT count(*) FROM scan") == 1)
        withExtendedLifetime(lock) {}
    }

    @Test func ofTwoScansAtOnceOneCompletesAndTheOtherIsRefused() async throws {
        for number in 1...20 { try fixture.addImage("\(number).qed") }
        _ = try await fixture.run("scan", fixture.pool)
        async let first = fixture.run("scan", "--full", fixture.pool)
        async let second = fixture.run("scan", "--full", fixture.pool)
        let results = try await [first, second]
        // On a slow machine they may well run one after the other.
        #expect(results.allSatisfy { $0.status == 0 || ($0.status == 8 && $0.errors.contains("in use")) })
        #expect(results.contains { $0.status == 0 })
        #expect(try await fixture.number("SELECT count(*) FROM scan WHERE state <> 'completed'") == 0)
    }

    @Test(.enabled(if: FaultShim.isPossible, "nothing can be preloaded here"))
    func theStoreCanBeReadWhileAScanRuns() async throws {
        let image = try fixture.addImage("slow.qed")
        _ = try await fixture.run("scan", fixture.pool)
        let shim = FaultShim(fixture.tool, on: image, environment: fixture.environment)
        let (scan, gate) = try shim.start(["scan", "--full", fixture.pool], pausingAt: "pread", 2)
        try #require(gate.isReached(by: scan))
        #expect(try await eventually { FileManager.default.fileExists(atPath: fixture.store + "-wal") })
        #expect(try await fixture.run("report", "summary").status == 0)
        try gate.open()
        #expect(await scan.wait() == 0)
        #expect(!FileManager.default.fileExists(atPath: fixture.store + "-wal"), "left for users who may only read")
    }
}
