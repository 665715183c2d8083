import Corpus
import Foundation
import Glibc
import Lab
import SQLite
import Store
import TestSupport
import Testing

/// Scans that several runs complete, and what `status` says about them meanwhile.
@Suite(.ownThread, .endsInTime) struct ResumedScanTests {
    private let fixture: ScanFixture

    init() throws { fixture = try ScanFixture() }

    /// Images of many defects, all of their outcomes; old enough. Returns how many, and the bytes that a scan reads of them.
    private func addImages() async throws -> (count: Int, bytes: Int) {
        for (number, corpusCase) in CorpusCase.all.enumerated().filter({ $0.offset % 4 == 0 }) {
            try corpusCase.write(to: "\(fixture.pool)/\(number).qed")
        }
        try await fixture.ageImages()
        let other = fixture.directory.file("undisturbed.db")
        #expect(try await fixture.run("--db", other, "scan", fixture.pool).status == 2 | 4 | 8)
        let database = try Database(path: other, mode: .readWrite)
        let outcomes = try database.scalar("SELECT group_concat(DISTINCT outcome) FROM latest_check")
        let names = try #require(String(sqliteValue: outcomes)).split(separator: ",")
        #expect(Set(names).isSuperset(of: ["clean", "leaking", "corrupt", "invalid", "unsupported"]))
        return (
            try #require(Int(sqliteValue: try database.scalar("SELECT images_seen FROM scan"))),
            try #require(Int(sqliteValue: try database.scalar("SELECT bytes_read FROM scan")))
        )
    }

    private func scalar(_ sql: String) throws -> Int? {
        guard FileManager.default.fileExists(atPath: fixture.store) else { return nil }
        do {
            return Int(sqliteValue: try Database(path: fixture.store, mode: .readOnly).scalar(sql))
        } catch {
            // Not made yet.
            return nil
        }
    }

    @Test(arguments: [[], ["--full"]]) func aScanStoppedThreeTimesEndsLikeAnUninterruptedOne(_ options: [String])
        async throws
    {
        let (count, bytes) = try await addImages()
        // Six seconds by the rate alone, so that three runs of a second cannot do it, however fast the machine is.
        let slow = ["scan", "-j", "2", "--max-time", "1s", "--rate", "\(max(bytes / 6, 1))"] + options + [fixture.pool]
        for _ in 0..<3 {
            let stopped = try await fixture.run(slow)
            #expect(stopped.status & 32 == 32)
            #expect(stopped.status & 16 == 0)
            #expect(stopped.output.contains("stopped by --max-time"))
            #expect(stopped.errors.isEmpty)
        }
        let last = try await fixture.run(["scan"] + options + [fixture.pool])
        #expect(last.status == 2 | 4 | 8)
        #expect(last.output.contains("resumed the scan that started 20"))
        #expect(
            try ScanFixture.knowledge(of: fixture.store)
                == ScanFixture.knowledge(of: fixture.directory.file("undisturbed.db")))
        #expect(try await fixture.checkCount() == count, "no image twice")
        #expect(try await fixture.number("SELECT sum(checked) FROM scan_summary") == count, "nor without a row")
        let scans = try await fixture.rows("SELECT state, continues_scan_id AS before FROM scan ORDER BY id")
        #expect(scans.map { $0["state"] as? String } == ["interrupted", "interrupted", "interrupted", "completed"])
        #expect(scans.map { $0["before"] as? Int } == [nil, 1, 2, 3])
        // The next scan starts over.
        #expect(try await fixture.run(["scan"] + options + [fixture.pool]).status == 2 | 4 | 8)
        let checkedAgain = try await fixture.number("SELECT checked FROM scan_summary ORDER BY scan_id DESC LIMIT 1")
        #expect(options.isEmpty ? checkedAgain < count && checkedAgain > 0 : checkedAgain == count)
    }

    @Test func aKilledFullScanIsResumedByTheNext() async throws {
        let (count, bytes) = try await addImages()
        // Two minutes by the rate alone.
        let scan = try fixture.tool.start(
            ["scan", "-j", "2", "--full", "--rate", "\(max(bytes / 120, 1))", fixture.pool],
            environment: fixture.environment)
        #expect(try await eventually(within: 100) { (try scalar("SELECT count(*) FROM check_result") ?? 0) >= 3 })
        scan.stop(SIGKILL)
        let done = try await fixture.checkCount()
        #expect(done < count)
        let next = try await fixture.run("scan", "--full", fixture.pool)
        #expect(next.output.contains("\(count - done) examined, \(done) unchanged"))
        #expect(try await fixture.checkCount() == count)
        #expect(
            try ScanFixture.knowledge(of: fixture.store)
                == ScanFixture.knowledge(of: fixture.directory.file("undisturbed.db")))
    }

    @Test func restartStartsOver() async throws {
        try fixture.addImage("a.qed", "sound, 4K/1")
        try await fixture.ageImages()
        let stopped = try await fixture.run("scan", "--full", "--max-time", "0", fixture.pool)
        #expect(stopped.status == 32)
        #expect(try await fixture.run("scan", "--full", "--max-time", "0", "-q", fixture.pool).output.isEmpty)
        #expect(try await fixture.run("scan", "--full", "--restart", fixture.pool).status == 0)
        let scans = try await fixture.rows("SELECT continues_scan_id AS before FROM scan ORDER BY id")
        #expect(scans.map { $0["before"] as? Int } == [nil, 1, nil])
    }

    @Test func maxTimeIsSilentWithQuiet() async throws {
        try fixture.addImage()
        let stopped = try await fixture.run("scan", "-q", "--max-time", "0", fixture.pool)
        #expect((stopped.status, stopped.output, stopped.errors) == (32, "", ""))
    }

    @Test func statusShowsTheProgressOfARunningScan() async throws {
        #expect(try await fixture.run("status").status == 8, "there is no store")
        let image = try fixture.addImage("one\n.qed")
        // So slow that it is still at it, however long the test takes.
        let slow = ["scan", "--nice", "7", "--ionice", "best-effort:6", "--rate", "1", fixture.pool]
        let scan = try fixture.tool.start(slow, environment: fixture.environment)
        #expect(
            try await eventually(within: 100) {
                try scalar("SELECT count(*) FROM scan_progress WHERE current_images <> '[]'") == 1
            })
        let name = image.replacing("\n", with: "\\x0a")
        let status = try await fixture.run("status")
        #expect((status.status, status.errors) == (0, ""))
        #expect(status.output.hasPrefix("a scan is running: process \(scan.processIdentifier) on "))
        #expect(status.output.contains("of \(fixture.pool)\n"))
        #expect(status.output.contains("\n  checking \(name) since 20"))
        let rows = try await fixture.run("status", "--format", "jsonl")
        #expect(rows.output.contains("\"state\": \"running\", \"process_id\": \(scan.processIdentifier),"))

        kill(scan.processIdentifier, SIGUSR1)
        #expect(try await eventually(within: 100) { try scan.errors().hasSuffix(")\n") })
        #expect(try scan.errors().hasPrefix("0 images, 0/s, 1 files, 0 problems; checking \(name) ("))
        #expect(scan.isRunning)
        try await expectPriorities(of: scan.processIdentifier)

        scan.stop(SIGKILL)
        let killed = try await fixture.run("status").output
        #expect(killed.contains("the last scan was killed"))
        #expect(killed.contains("it was checking \(name)"))
        #expect(try await fixture.run("scan", fixture.pool).status == 0)
        #expect(try await fixture.run("status").output.contains("no scan is running; the last one was completed 20"))
        #expect(try await fixture.run("status", "--format", "csv").output.contains(",completed,"))
    }

    /// All threads have what was asked for.
    private func expectPriorities(of process: pid_t) async throws {
        let threads = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/task")
        var seen = 0
        for thread in threads {
            // Dispatch's threads come and go.
            let path = "/proc/\(process)/task/\(thread)/stat"
            guard let data = FileManager.default.contents(atPath: path) else { continue }
            let fields = String(decoding: data, as: UTF8.self).drop { $0 != ")" }.split(separator: " ")
            guard fields.count > 17 else { continue }
            #expect(fields[17] == "7")
            seen += 1
            guard let result = try await Tool("ionice")?.run(["-p", thread]), result.status == 0 else { continue }
            #expect(result.output == "best-effort: prio 6\n")
        }
        #expect(seen > 1)
    }

    @Test func aWaitingScanGetsTheStore() async throws {
        try fixture.addImage()
        var lock: RunLock? = try RunLock(storePath: fixture.store, host: "elsewhere")
        let scan = try fixture.tool.start(["scan", "--wait", "1h", fixture.pool], environment: fixture.environment)
        #expect(try await eventually(within: 100) { try scan.errors().contains("on elsewhere, since 20") })
        #expect(scan.isRunning)
        withExtendedLifetime(lock) {}
        lock = nil
        #expect(await scan.wait() == 0)
        #expect(try scan.errors().hasSuffix(": waiting\n"))
    }

    @Test(arguments: [["scan", "POOL"], ["repair", "--yes"], ["undo", "--yes", "1"]])
    func aSignalEndsTheWait(_ command: [String]) async throws {
        try fixture.addImage()
        #expect(try await fixture.run("scan", fixture.pool).status == 0)
        let lock = try RunLock(storePath: fixture.store, host: "elsewhere")
        let arguments = command.map { $0 == "POOL" ? fixture.pool : $0 }
        let refused = try await fixture.run(arguments + ["--wait", "0"])
        #expect(refused.status == 8)
        let status = try await fixture.run("status").output
        #expect(status.hasPrefix("the store is in use by another command: process \(getpid()) on elsewhere, since 20"))
        #expect(status.contains("no scan is running; the last one was completed 20"))
        let waiting = try fixture.tool.start(arguments + ["--wait", "1h"], environment: fixture.environment)
        #expect(try await eventually(within: 100) { try waiting.errors().hasSuffix(": waiting\n") })
        kill(waiting.processIdentifier, SIGTERM)
        #expect(await waiting.wait() == 32)
        withExtendedLifetime(lock) {}
    }

    @Test(arguments: [
        ["--nice", "20"], ["--nice=-1"], ["--ionice", "realtime"], ["--ionice", "best-effort:8"], ["--rate", "0"],
        ["--max-time", "soon"], ["--wait", "-1"],
    ])
    func impossibleValuesAreRefused(_ options: [String]) async throws {
        #expect(try await fixture.run(["scan"] + options + [fixture.pool]).status == 16)
        #expect(!FileManager.default.fileExists(atPath: fixture.store))
    }
}
