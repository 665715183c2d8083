import Assets
import Foundation
import Glibc
import Lab
import SQLite
import Store
import TestSupport
import Testing

/// `store merge`, and the questions that a merged store answers.
@Suite(.ownThread, .endsInTime) struct MergeCommandTests {
    private let fixture: ScanFixture

    init() throws { fixture = try ScanFixture() }

    private func addPool() throws {
        try fixture.addImage("sound.qed")
        try fixture.addDamaged("bad.qed")
    }

    // MARK: - What is merged

    @Test func whatCannotBeMergedIsNamedAndTheRestIsMerged() async throws {
        try addPool()
        let good = try await fixture.scanElsewhere("good.db", node: "a")
        let newer = try await fixture.scanElsewhere("newer.db", node: "b")
        let damaged = try await fixture.scanElsewhere("damaged.db", node: "c")
        try Database(path: newer, mode: .readWrite).execute(
            "INSERT INTO schema_migration VALUES (\(Assets.migrations.count + 1), 'later', 'text', '2030-01-01')")
        let bytes = try Data(contentsOf: URL(filePath: damaged))
        try (bytes.prefix(8192) + Data(repeating: 0xAA, count: 8192) + bytes.dropFirst(16384))
            .write(to: URL(filePath: damaged))
        let missing = fixture.directory.file("missing.db")
        let text = try fixture.directory.write("no store".utf8, to: "text.db")
        let all = fixture.directory.file("all.db")
        let merge = try await fixture.run("store", "merge", all, newer, missing, damaged, good, text, all)
        #expect(merge.status == 8)
        for path in [newer, missing, damaged, text, all] {
            #expect(
                merge.errors.split(separator: "\n").contains { $0.contains("skipped: ") && $0.contains(path) },
                "\(path) in \(merge.errors)")
        }
        #expect(
            merge.errors.contains("newer") && merge.errors.contains("No such file") && merge.errors.contains("damaged"))
        #expect(merge.output.hasPrefix("\(good): new: scans 1, images 2, results 2, findings "))
        #expect(merge.output.hasSuffix(", repairs 0\n"), "\(merge.output)")
        #expect(try await fixture.run("store", "verify", "--db", all).status == 0)
        #expect(try ScanFixture.knowledge(of: all) == ScanFixture.knowledge(of: good))
    }

    @Test func mergingAgainFindsNothingNewAndQuietIsSilent() async throws {
        try addPool()
        let stores = [
            try await fixture.scanElsewhere("a.db", node: "a"), try await fixture.scanElsewhere("b.db", node: "b"),
        ]
        let all = try await fixture.merge(stores)
        let knowledge = try ScanFixture.knowledge(of: all)
        #expect(knowledge.count == 4)
        let again = try await fixture.run(["store", "merge", all] + stores)
        #expect(again.status == 0 && again.output == stores.map { "\($0): nothing new\n" }.joined(), "\(again)")
        let quiet = try await fixture.run(["store", "merge", "-q", fixture.directory.file("other.db")] + stores)
        #expect(quiet.status == 0 && quiet.output.isEmpty && quiet.errors.isEmpty, "\(quiet)")
        #expect(try ScanFixture.knowledge(of: all) == knowledge)
        #expect(try ScanFixture.knowledge(of: fixture.directory.file("other.db")) == knowledge)
    }

    @Test func aMergedStoreIsReadOnly() async throws {
        try addPool()
        let all = try await fixture.merge([try await fixture.scanElsewhere("own.db", node: ScanFixture.thisMachine)])
        let before = try content(of: all)
        let image = try FileState("\(fixture.pool)/bad.qed")
        for arguments in [
            ["scan", fixture.pool], ["repair", "--yes", "--settle", "0s"], ["repair", "-n"],
            ["repair", "-n", fixture.pool],
            ["undo", "--yes", "1"], ["undo", "-n", "1"],
        ] {
            let run = try await fixture.run(arguments + ["--db", all])
            #expect(run.status == 8 && run.output.isEmpty, "\(arguments): \(run)")
            #expect(run.errors.contains("\(all) is a merged store and read-only"), "\(arguments): \(run)")
        }
        #expect(try content(of: all) == before)
        #expect(try FileState("\(fixture.pool)/bad.qed") == image)
        for arguments in [["report", "damaged"], ["status"], ["repair", "--list"], ["store", "verify"]] {
            #expect(try await fixture.run(arguments + ["--db", all]).status == 0, "\(arguments)")
        }
    }

    @Test func aStoreWithScansOfItsOwnTakesNoOthers() async throws {
        try addPool()
        _ = try await fixture.scan()
        let other = try await fixture.scanElsewhere("other.db", node: "b")
        let before = try ScanFixture.knowledge(of: fixture.store)
        let merge = try await fixture.run("store", "merge", fixture.store, other)
        #expect(merge.status == 8 && merge.output.isEmpty)
        #expect(
            merge.errors.contains("it has scans of its own; merge it and others into a new file"), "\(merge.errors)")
        #expect(try ScanFixture.knowledge(of: fixture.store) == before)
        #expect(try await fixture.scan().status & 8 == 0)
    }

    // MARK: - Interruptions

    /// All that tables have of what was merged, without the numbers of rows and the time of the merge.
    private func content(of store: String) throws -> [String] {
        let database = try Database(path: store, mode: .readWrite)
        var lines = try ScanFixture.knowledge(of: store)
        for sql in [
            "SELECT uuid, host, node, state, images_seen FROM scan ORDER BY uuid",
            "SELECT count(*), total(cluster_count), total(file_offset) FROM finding",
            "SELECT host, path, problem, detail FROM backing_problem ORDER BY host, path, problem",
        ] {
            let statement = try database.prepare(sql)
            while try statement.step() { lines.append("\(try statement.row())") }
        }
        return lines
    }

    @Test(.enabled(if: FaultShim.isPossible, "nothing can be preloaded here"))
    func aMergeThatIsKilledIsCompletedByTheNext() async throws {
        try addPool()
        try fixture.addDamaged("base.qed", [.field(.features, 2)])
        try fixture.addDamaged("over.qed", [], backing: "base.qed")
        var stores: [String] = []
        for number in 1...3 {
            stores.append(
                try await fixture.scanElsewhere(
                    "\(number).db", node: "node-\(number)", host: "pool:p", "--shard", "\(number)/3"))
        }
        let whole = try content(of: try await fixture.merge(stores, into: "whole.db"))
        #expect(whole.contains { $0.contains("base-dirty") })
        let shim = FaultShim(
            fixture.tool, on: fixture.directory.file("all-"), environment: fixture.environment)
        let counts = try shim.run(["store", "merge", fixture.directory.file("all-0.db")] + stores).counts
        let kills = ["pwrite", "fdatasync", "unlink", "close"].flatMap { call in
            (1...max(counts[call] ?? 0, 1)).map { Fault(call, $0, .kill) }
        }
        #expect(kills.count > 10)
        var choice = CaseChoice()
        for (index, fault) in choice.choose(6, of: kills).enumerated() {
            let all = fixture.directory.file("all-\(index + 1).db")
            let run = try shim.run(["store", "merge", all] + stores, fault)
            #expect(run.status == -SIGKILL, "\(fault): \(run)")
            if access(all, F_OK) == 0 {
                let database = try Database(path: all, mode: .readWrite)
                #expect(try database.scalar("PRAGMA integrity_check") == .text("ok"), "\(fault)")
                try database.close()
            }
            _ = try await fixture.merge(stores, into: "all-\(index + 1).db")
            #expect(try content(of: all) == whole, "\(fault)")
            #expect(try await fixture.run("store", "verify", "--db", all).status == 0, "\(fault)")
        }
    }

    @Test(.enabled(if: FaultShim.isPossible, "nothing can be preloaded here"))
    func aStoreIsMergedWhileAScanWritesItAndAgainAfterwards() async throws {
        try addPool()
        try await fixture.ageImages()
        _ = try await fixture.run("scan", "--pool", "p", fixture.pool)
        let new = try fixture.addDamaged("new.qed", [.l2(0, 1, 1 << 40)])
        let shim = FaultShim(fixture.tool, on: new, environment: fixture.environment)
        let (scan, gate) = try shim.start(["scan", "-j", "0", "--shard", "1/1", fixture.pool], pausingAt: "pread", 2)
        try #require(gate.isReached(by: scan))
        let all = try await fixture.merge([fixture.store])
        #expect(try await fixture.run("store", "verify", "--db", all).status == 0)
        #expect(try ScanFixture.knowledge(of: all).count == 2)
        let status = try await fixture.run("status", "--db", all)
        #expect(
            status.output.contains("pool p, shard 1 of 1, on \(ScanFixture.thisMachine): the last scan, started 20"))
        #expect(status.output.contains("UTC, was running when its store was merged\n"), "\(status.output)")
        #expect(try await fixture.run("status", "--db", all, "--format", "csv").output.contains(",running,"))
        try gate.open()
        #expect(scan.waitBlocking() & 4 == 4)
        _ = try await fixture.merge([fixture.store])
        #expect(try content(of: all) == content(of: fixture.store))
        #expect(try ScanFixture.knowledge(of: all).count == 3)
        #expect(try await fixture.run("status", "--db", all).output.contains(": the last scan was completed 20"))
    }

    // MARK: - Repairs

    @Test func repairsHaveTheNumbersOfTheirOwnStores() async throws {
        let image = try fixture.addDamaged()
        _ = try await fixture.scan()
        #expect(try await fixture.repair("--only", "clear-invalid").status & 1 == 1)
        #expect(try await fixture.undo("1").status & 1 == 1)
        _ = try await fixture.scan()
        // Another machine's, made before it: its number is the same.
        let other = fixture.directory.file("other.db")
        try FileManager.default.copyItem(atPath: fixture.store, toPath: other)
        try Database(path: other, mode: .readWrite).execute(
            """
            UPDATE scan SET node = 'b', host = 'b', uuid = uuid || 'b'; UPDATE image SET host = 'b';
            UPDATE repair SET host = 'b', started_at = '2020-01-01 00:00:0' || id || '.000';
            """)
        let all = try await fixture.merge([fixture.store, other])
        let report = try await fixture.run("report", "--db", all, "--format", "json", "repairs")
        let rows = try #require(
            try JSONSerialization.jsonObject(with: Data(report.output.utf8)) as? [[String: any Sendable]])
        let here = ScanFixture.thisMachine
        #expect(rows.map { $0["repair_id"] as? Int } == [2, 1, 2, 1])
        #expect(rows.map { $0["host"] as? String } == [here, here, "b", "b"])
        #expect(rows.map { $0["undoes"] as? Int } == [1, nil, 1, nil])
        #expect(rows.map { $0["undone_by"] as? Int } == [nil, 2, nil, 2])
        // What the journals say is not here.
        #expect(rows.allSatisfy { $0["changed_entries"] is NSNull && $0["copied_bytes"] is NSNull })
        let shown = try await fixture.run("show", "--db", all, "--host", "b", "--no-map", "--format", "json", image)
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(shown.output.utf8)) as? [String: any Sendable])
        let history = try #require(object["history"] as? [[String: any Sendable]])
        #expect(Set(history.compactMap { $0["repair"] as? Int }) == [1, 2])
        #expect(!(try await fixture.page("--db", all).contains("qedscan undo")))
    }
}
