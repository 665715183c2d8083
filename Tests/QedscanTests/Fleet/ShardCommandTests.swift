import Foundation
import Glibc
import Lab
import SQLite
import Store
import TestSupport
import Testing

/// `scan --shard`: a pool that several scans share, each with its own store.
@Suite(.ownThread, .endsInTime) struct ShardCommandTests {
    private let fixture: ScanFixture

    init() throws { fixture = try ScanFixture() }

    private func store(_ shard: String) -> String { fixture.directory.file("shard-\(shard.first ?? "?").db") }

    private func scan(_ shard: String, _ options: String...) async throws -> Tool.Result {
        try await fixture.run(["--db", store(shard), "scan", "--shard", shard] + options + [fixture.pool])
    }

    private func names(of shard: String) throws -> [String] {
        let database = try Database(path: store(shard), mode: .readOnly)
        let statement = try database.prepare("SELECT path FROM image ORDER BY path")
        var names: [String] = []
        while try statement.step() { names.append(URL(filePath: try statement.column(0)).lastPathComponent) }
        return names
    }

    private func change(_ sql: String) throws {
        try Database(path: fixture.store, mode: .readWrite).prepare(sql).run()
    }

    @Test(arguments: [[], ["--shard-by", "size"]]) func theStoresOfAllShardsHaveThePool(_ options: [String])
        async throws
    {
        let all = (10..<34).map { "vm-\($0).qed" }
        for name in all { try fixture.addImage(name) }
        var found: [[String]] = []
        for number in 1...3 {
            let shard = "\(number)/3"
            let result = try await fixture.run(
                ["--db", store(shard), "scan", "--shard", shard] + options + [fixture.pool])
            #expect(result.status == 0, "\(result.errors)")
            let names = try names(of: shard)
            let count = names.count == 1 ? "1 image" : "\(names.count) images"
            #expect(result.output.hasPrefix("shard \(number) of 3: \(count) among "), "\(result.output)")
            found.append(names)
        }
        #expect(found.joined().sorted() == all)
        #expect(found.count { !$0.isEmpty } > 1)
    }

    @Test func theStoreHasTheShardAmongTheOptions() async throws {
        try fixture.addImage()
        for arguments in [[], ["--shard", "02/008"], ["--shard", "2/8", "--shard-by", "size"]] {
            #expect(try await fixture.run(["scan"] + arguments + [fixture.pool]).status == 0)
        }
        let rows = try await fixture.rows(
            """
            SELECT json_type(options, '$.shard') AS type, options ->> '$.shard' AS shard,
                options ->> '$."shard-by"' AS basis FROM scan ORDER BY id
            """)
        #expect(rows.map { $0["type"] as? String } == ["null", "text", "text"])
        #expect(rows.map { $0["shard"] as? String } == [nil, "2/8", "2/8"])
        #expect(rows.map { $0["basis"] as? String } == [nil, "count", "size"])
    }

    /// By the system calls: what belongs to others is only read as a name of its directory.
    @Test(.enabled(if: Strace.isPossible, "strace is not installed")) func filesOfOtherShardsAreNotOpened() async throws
    {
        let all = (10..<34).map { "vm-\($0).qed" }
        for name in all { try fixture.addImage(name) }
        try FileManager.default.createDirectory(atPath: "\(fixture.pool)/names", withIntermediateDirectories: false)
        let linked = "names/linked.qed"
        for name in [linked, "names/again.qed"] {
            #expect(link("\(fixture.pool)/vm-10.qed", "\(fixture.pool)/\(name)") == 0)
        }
        try await fixture.ageImages()
        let strace = try #require(Tool("strace"))
        let log = fixture.directory.file("log")
        // The second scan knows all files.
        for round in 1...2 {
            let result = try await strace.run(
                [
                    "-f", "-qq", "-s", "500", "-o", log, "-e", "trace=%file", fixture.tool.path, "scan", "--shard",
                    "1/3", fixture.pool,
                ], environment: fixture.environment)
            #expect(result.status == 0, "\(result.errors)")
            let calls = try String(contentsOfFile: log, encoding: .utf8)
            let touched = Set(calls.matches(of: /vm-[0-9]+\.qed/).map { String($0.0) }).subtracting(["vm-10.qed"])
            let seen = try await fixture.rows("SELECT path FROM image ORDER BY path").compactMap {
                $0["path"] as? String
            }
            let own = Set(seen.map { URL(filePath: $0).lastPathComponent }).intersection(all).subtracting(["vm-10.qed"])
            #expect(touched == own, "round \(round)")
            #expect(!own.isEmpty && own.count < all.count - 5)
        }
    }

    @Test func onlyItsShardMarksAnImageAsMissing() async throws {
        let all = (10..<30).map { "vm-\($0).qed" }
        for name in all { try fixture.addImage(name) }
        // Both in one store.
        for shard in ["1/2", "2/2"] {
            #expect(try await fixture.run("scan", "--shard", shard, fixture.pool).status == 0)
            #expect(try await scan(shard).status == 0)
        }
        #expect(try await fixture.number("SELECT count(*) FROM latest_check WHERE present") == 20)
        let (first, second) = (try names(of: "1/2"), try names(of: "2/2"))
        let (one, other) = (try #require(first.first), try #require(second.first))
        for name in [one, other] { try FileManager.default.removeItem(atPath: "\(fixture.pool)/\(name)") }
        func missing() async throws -> [String] {
            try await fixture.rows("SELECT path FROM latest_check WHERE NOT present ORDER BY path")
                .compactMap { ($0["path"] as? String).map { URL(filePath: $0).lastPathComponent } }
        }
        let result = try await fixture.run("scan", "--shard", "2/2", fixture.pool)
        #expect(result.output.contains("  1  missing, see"), "\(result.output)")
        #expect(try await missing() == [other])
        #expect(try await fixture.run("scan", "--shard", "1/2", fixture.pool).status == 0)
        #expect(try await missing() == [one, other].sorted())
    }

    /// The cut between two shards by size moves; what was deleted just there was the one's, and the other has not known it.
    @Test func anImageThatIsGoneFromWhereTheCutMovedIsMissed() async throws {
        let all = (10..<34).map { "vm-\($0).qed" }
        for name in all { try fixture.addImage(name) }
        func scanBoth() async throws {
            for shard in ["1/2", "2/2"] { #expect(try await scan(shard, "--shard-by", "size").status == 0) }
        }
        func value(_ shard: String, _ sql: String) throws -> SQLiteValue {
            try Database(path: store(shard), mode: .readOnly).scalar(sql)
        }
        try await scanBoth()
        let (first, second) = (try names(of: "1/2"), try names(of: "2/2"))
        let cut = try value("2/2", "SELECT shard_lower FROM scan ORDER BY id DESC")
        let gone = first + second.prefix(second.count / 2)
        for name in gone { try FileManager.default.removeItem(atPath: "\(fixture.pool)/\(name)") }
        try await scanBoth()
        #expect(try value("2/2", "SELECT shard_lower FROM scan ORDER BY id DESC") != cut)
        let missing = "SELECT count(*) FROM image WHERE missing_since_scan_id IS NOT NULL"
        #expect(try value("1/2", missing) == .integer(Int64(first.count)))
        #expect(try value("2/2", missing) == .integer(Int64(second.count / 2)))
        #expect(try value("2/2", "SELECT count(*) FROM image_event WHERE event = 'vanished'") != .integer(0))
    }

    /// All in one store.
    @Test func withAnotherNumberOfShardsWhatIsGoneIsMissed() async throws {
        let all = (10..<30).map { "vm-\($0).qed" }
        for name in all { try fixture.addImage(name) }
        for shard in ["1/2", "2/2"] {
            #expect(try await fixture.run("scan", "--shard", shard, fixture.pool).status == 0)
        }
        for name in all.prefix(7) { try FileManager.default.removeItem(atPath: "\(fixture.pool)/\(name)") }
        let aside = fixture.directory.file("aside")
        // Where nothing is mounted nothing is gone.
        try FileManager.default.moveItem(atPath: fixture.pool, toPath: aside)
        #expect(try await fixture.run("scan", "--shard", "1/3", fixture.pool).status == 8)
        #expect(try await fixture.number("SELECT count(*) FROM latest_check WHERE NOT present") == 0)
        try FileManager.default.moveItem(atPath: aside, toPath: fixture.pool)
        #expect(try await fixture.run("scan", "--shard", "1/3", fixture.pool).status == 0)
        #expect(try await fixture.number("SELECT count(*) FROM latest_check WHERE NOT present") == 7)
    }

    @Test func eachShardReportsItsOwnChanges() async throws {
        for number in 10..<22 { try fixture.addImage("vm-\(number).qed") }
        func news(_ shards: Int) async throws -> String {
            var text = ""
            for number in 1...shards {
                let result = try await fixture.run(
                    "scan", "--only-changes", "--shard", "\(number)/\(shards)", fixture.pool)
                text += result.output + result.errors
            }
            return text
        }
        func count(_ word: String, in text: String) -> Int { text.components(separatedBy: word).count - 1 }
        for shard in ["1/2", "2/2"] { _ = try await fixture.run("scan", "--shard", shard, fixture.pool) }
        try fixture.addDamaged("vm-14.qed")
        try await fixture.ageImages()
        let damaged = try await news(2)
        #expect(count("newly damaged: ", in: damaged) == 1, "\(damaged)")
        let none = try await news(2)
        #expect(none.isEmpty, "\(none)")
        try fixture.addImage("vm-14.qed")
        try await fixture.ageImages()
        let healed = try await news(3)
        #expect(count("healed: ", in: healed) == 1 && !healed.contains("damaged"), "\(healed)")
        let changes = try await fixture.rows(
            "SELECT change, count(*) AS count FROM scan_change GROUP BY change ORDER BY change")
        #expect(changes.compactMap { $0["change"] as? String } == ["healed", "new", "newly-damaged"])
    }

    @Test func metricsNameTheShard() async throws {
        try fixture.addImage()
        let path = fixture.directory.file("m.prom")
        _ = try await fixture.run("scan", "--metrics", path, "--pool", "nfs", "--shard", "1/1", fixture.pool)
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(text.contains("qedscan_images{pool=\"nfs\",shard=\"1/1\",outcome=\"clean\"} 1\n"), "\(text)")
        #expect(text.contains("qedscan_scan_images{pool=\"nfs\",shard=\"1/1\"} 1\n"), "\(text)")
    }

    @Test func onlyTheSameShardIsResumed() async throws {
        try fixture.addImage()
        func continues(_ arguments: String...) async throws -> Bool {
            let last = try await fixture.number("SELECT max(id) FROM scan")
            let result = try await fixture.run(["scan"] + arguments + [fixture.pool])
            #expect(result.status == 0, "\(result.errors)")
            let isContinued = try await fixture.number(
                "SELECT count(*) FROM scan WHERE id > \(last) AND continues_scan_id IS NOT NULL")
            #expect(result.output.contains("resumed the scan that started") == (isContinued == 1))
            return isContinued == 1
        }
        #expect(try await fixture.run("scan", "--shard", "4/8", fixture.pool).status == 0)
        try change("UPDATE scan SET state = 'interrupted'")
        for other in ["3/8", "4/9", "1/1"] { #expect(try await !continues("--shard", other), "\(other)") }
        #expect(try await !continues())
        #expect(try await !continues("--shard", "4/8", "--shard-by", "size"))
        #expect(try await continues("--shard", "4/8", "--shard-by", "count"))
    }

    @Test func aScanOfAnEarlierVersionWithoutShardsIsResumed() async throws {
        try fixture.addImage()
        #expect(try await fixture.run("scan", fixture.pool).status == 0)
        try change(
            """
            UPDATE scan SET state = 'interrupted', options = json_remove(options, '$.shard', '$."shard-by"')
            """)
        #expect(!(try await fixture.run("scan", "--shard", "1/1", fixture.pool).output.contains("goes on from")))
        #expect(try await fixture.run("scan", fixture.pool).output.contains("resumed the scan that started"))
    }

    /// The first walk adds up the sizes.
    @Test(.enabled(if: FaultShim.isPossible, "nothing can be preloaded here"))
    func aSignalEndsTheWalkForTheSizes() async throws {
        for number in 0..<4 { try fixture.addImage("\(number).qed") }
        let shim = FaultShim(fixture.tool, on: fixture.pool, environment: fixture.environment)
        let (scan, gate) = try shim.start(
            ["scan", "--shard", "1/2", "--shard-by", "size", fixture.pool], pausingAt: "getdents", 1)
        try #require(gate.isReached(by: scan))
        kill(scan.processIdentifier, SIGTERM)
        #expect(try await eventually { try scan.hasBeenCancelled(by: SIGTERM) })
        try gate.open()
        #expect(await scan.wait() == 32)
        #expect(try scan.output().contains("shard 1 of 2: 0 images among 0 files interrupted after"))
        #expect(try await fixture.rows("SELECT state FROM scan").first?["state"] as? String == "interrupted")
        let next = try await fixture.run("scan", "--shard", "1/2", "--shard-by", "size", fixture.pool)
        #expect(next.status == 0)
        #expect(next.output.contains("resumed the scan that started"))
    }

    @Test(arguments: [
        "", "/", "3", "1/", "/2", "1/2/3", "0/3", "4/3", "1/10001", "0/0", "+1/2", "-1/2", "1/-2", " 1/2", "1 /2",
        "a/b",
        "99999999999999999999/3", "1/99999999999999999999", "0x1/2",
    ])
    func whatIsNoShardIsAUsageError(_ shard: String) async throws {
        let result = try await fixture.run("scan", "--shard", shard, fixture.pool)
        #expect(result.status == 16)
        #expect(result.errors.contains("option '--shard': '\(shard)' is not K/N with"), "\(result.errors)")
        #expect(!FileManager.default.fileExists(atPath: fixture.store))
    }

    @Test func theBasisNeedsAShard() async throws {
        let alone = try await fixture.run("scan", "--shard-by", "size", fixture.pool)
        #expect(alone.status == 16)
        #expect(alone.errors.contains("--shard-by can be used only with --shard"), "\(alone.errors)")
        let unknown = try await fixture.run("scan", "--shard", "1/2", "--shard-by", "weight", fixture.pool)
        #expect(unknown.status == 16)
        #expect(unknown.errors.contains("--shard-by"), "\(unknown.errors)")
    }
}
