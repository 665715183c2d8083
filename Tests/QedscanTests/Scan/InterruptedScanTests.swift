import Corpus
import Foundation
import Glibc
import Lab
import SQLite
import Store
import TestSupport
import Testing

/// Scans that do not come to their end, and what the next one makes of it.
@Suite(.ownThread, .endsInTime) struct InterruptedScanTests {
    private let fixture: ScanFixture

    init() throws { fixture = try ScanFixture() }

    @Test(arguments: [SIGINT, SIGTERM]) func aSignalEndsAScanAndTheNextOneCompletesIt(_ signal: Int32) async throws {
        try fixture.addImage("clean.qed")
        var plan = ImagePlan()
        plan.clusterSize = 4096
        plan.tableSize = 1
        plan.imageSize = 400 << 20
        plan.guestClusters = .firstOfEachTable(1)
        try ImageWriter(plan).write(to: "\(fixture.pool)/slow.qed")
        try await fixture.settle()
        guard let scan = try fixture.startSlowly(["scan", "-j", "2", fixture.pool], readMilliseconds: 100) else {
            print("skipped: there is no strace")
            return
        }
        #expect(try await eventually { FileManager.default.fileExists(atPath: fixture.store + "-wal") })
        // The other image is done.
        #expect(
            try await eventually {
                let database = try Database(path: fixture.store, mode: .readOnly)
                return try database.scalar("SELECT count(*) FROM check_result") == .integer(1)
            })
        #expect(scan.isRunning)
        kill(scan.processIdentifier, signal)
        #expect(await scan.wait() == 32)
        #expect(try scan.output().contains("interrupted"))
        #expect(try await fixture.rows("SELECT state FROM scan").first?["state"] as? String == "interrupted")
        #expect(try await fixture.checkCount() == 1, "what was done is kept, what was cancelled is not")

        #expect(try await fixture.run("scan", fixture.pool).status == 0)
        #expect(try await fixture.rows("SELECT state FROM scan WHERE id = 2").first?["state"] as? String == "completed")
        #expect(try await fixture.checkCount() == 2)
    }

    @Test func aKilledScanLosesNothingForTheNextOne() async throws {
        let seed = Seed.next()
        var random = SeededRandom(seed: seed)
        for (number, corpusCase) in CorpusCase.all.enumerated().filter({ $0.offset % 6 == 0 }) {
            try corpusCase.write(to: "\(fixture.pool)/\(number).qed")
        }
        let begin = Date.now
        _ = try await fixture.run("scan", fixture.pool)
        let length = min(Date.now.timeIntervalSince(begin), 0.3)
        let undisturbed = try ScanFixture.knowledge(of: fixture.store)
        #expect(undisturbed.count > 10)
        for round in 0..<20 {
            let store = fixture.folder.file("killed-\(round).db")
            let scan = try fixture.tool.start(["--db", store, "scan", "-j", "2", fixture.pool])
            try await Task.sleep(for: .seconds(Double.random(in: 0...length, using: &random)))
            scan.stop(SIGKILL)
            let story: Comment = "QEDSCAN_SEED=\(seed), round \(round)"
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

    @Test func twoScansAtOnceOneIsRefusedOneCompletes() async throws {
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

    @Test func readersGoOnWhileAScanRuns() async throws {
        try fixture.addImage("slow.qed")
        _ = try await fixture.run("scan", fixture.pool)
        guard let scan = try fixture.startSlowly(["scan", "--full", fixture.pool], readMilliseconds: 1500) else {
            print("skipped: there is no strace")
            return
        }
        #expect(try await eventually(within: 60) { FileManager.default.fileExists(atPath: fixture.store + "-wal") })
        #expect(try await fixture.run("report", "summary").status == 0)
        #expect(await scan.wait() == 0)
        #expect(!FileManager.default.fileExists(atPath: fixture.store + "-wal"), "left for users who may only read")
    }
}
