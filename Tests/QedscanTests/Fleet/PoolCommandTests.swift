import Files
import Foundation
import Lab
import QED
import SQLite
import Store
import TestSupport
import Testing

/// `scan --pool`: images that are a pool's, whichever machine looks at them.
@Suite(.ownThread, .endsInTime) struct PoolCommandTests {
    private let fixture: ScanFixture

    init() throws { fixture = try ScanFixture() }

    private func hosts() async throws -> [String] {
        try await fixture.rows("SELECT host FROM latest_check WHERE present ORDER BY path").compactMap {
            $0["host"] as? String
        }
    }

    private func hostsOfScans() async throws -> [String] {
        try await fixture.rows("SELECT host FROM scan ORDER BY id").compactMap { $0["host"] as? String }
    }

    // MARK: - The name

    @Test func aPoolCanGetANameAndLoseItAtAnyTime() async throws {
        try fixture.addImage("a.qed")
        try fixture.addImage("b.qed", "two neighbours share a cluster, 4K/1")
        try await fixture.ageImages()
        let here = ScanFixture.thisMachine
        #expect(try await fixture.scan().status & 4 == 4)
        #expect(try await hosts() == [here, here])
        for (options, host) in [(["--pool", "p"], "pool:p"), ([], "pool:p"), (["--pool", ""], here), ([], here)] {
            let scan = try await fixture.run(["scan"] + options + [fixture.pool])
            #expect(scan.status & ~7 == 0, "\(scan.errors)")
            #expect(try await hosts() == [host, host], "\(options)")
            #expect(try await hostsOfScans().last == host, "\(options)")
        }
        // Both sets are known, each with its own history, and one of them is there.
        #expect(try await fixture.checkCount() == 4)
        #expect(try await fixture.number("SELECT count(*) FROM image") == 4)
        #expect(try await fixture.number("SELECT sum(present) FROM latest_check") == 2)
    }

    @Test func onlyTheImagesBelowThePathsAreThePools() async throws {
        for name in ["p", "pq", "p/sub"] { _ = try fixture.directory.makeDirectory("pool/\(name)") }
        for name in ["p/a.qed", "p/sub/b.qed", "pq/c.qed"] { try fixture.addImage(name) }
        _ = try await fixture.scan()
        _ = try await fixture.run("scan", "--pool", "p", "\(fixture.pool)/p")
        let here = ScanFixture.thisMachine
        #expect(try await hosts() == ["pool:p", "pool:p", here])
        let above = try await fixture.scan()
        #expect(above.status == 8)
        #expect(
            above.errors.contains("\(fixture.pool) belongs to host \(here), \(fixture.pool)/p belongs to pool p"),
            "\(above.errors)")
        // A directory in it is of the pool, too.
        _ = try await fixture.run("scan", "\(fixture.pool)/p/sub")
        _ = try await fixture.run("scan", "\(fixture.pool)/pq")
        #expect(try await hostsOfScans() == [here, "pool:p", "pool:p", here])
    }

    @Test func pathsOfDifferentPoolsAreNotScannedTogetherUnlessOneIsNamed() async throws {
        let paths = try ["one", "two"].map { try fixture.directory.makeDirectory("pool/\($0)") }
        for (name, path) in zip(["one", "two"], paths) {
            try fixture.addImage("\(name)/a.qed")
            #expect(try await fixture.run("scan", "--pool", name, path).status == 0)
        }
        let refused = try await fixture.run(["scan"] + paths)
        #expect(refused.status == 8)
        #expect(
            refused.errors.contains("\(paths[0]) belongs to pool one, \(paths[1]) belongs to pool two"),
            "\(refused.errors)")
        #expect(refused.errors.contains("hint: scan them one at a time, or give one pool for all of them with --pool"))
        #expect(try await hostsOfScans() == ["pool:one", "pool:two"])
        #expect(try await fixture.run(["scan", "--pool", "three"] + paths).status == 0)
        #expect(try await hosts() == ["pool:three", "pool:three"])
    }

    @Test func anOverlayOfThisMachineKeepsItsBaseWhenThatGetsAPool() async throws {
        let own = try fixture.directory.makeDirectory("own")
        try fixture.addDamaged("base.qed", [.field(.features, 2)])
        try fixture.write(RawPath("\(own)/over.qed"), [], backing: "../pool/base.qed")
        func problems() async throws -> [String] {
            try await fixture.rows("SELECT host, problem FROM backing_problem").map {
                "\($0["host"] ?? "") \($0["problem"] ?? "")"
            }
        }
        let expected = ["\(ScanFixture.thisMachine) base-dirty"]
        #expect(try await fixture.run("scan", own).status == 0)
        #expect(try await problems().isEmpty)
        for options in [[], ["--pool", "p"], [], ["--pool", ""]] {
            _ = try await fixture.run(["scan"] + options + [fixture.pool])
            #expect(try await problems() == expected, "\(options)")
            _ = try await fixture.run("scan", own)
            #expect(try await problems() == expected, "\(options), then its own")
        }
    }

    // MARK: - Machines

    @Test(.enabled(if: Machine.isPossible, "no machine can have another name here"))
    func whatOneMachineFoundTheOtherUsesAgain() async throws {
        try fixture.addImage("a.qed")
        try fixture.addImage("b.qed")
        try await fixture.ageImages()
        let (a, b) = (Machine(name: "node-a", fixture: fixture), Machine(name: "node-b", fixture: fixture))
        #expect(try await a.run("scan", "--pool", "p", fixture.pool).output.contains("2 examined, 0 unchanged"))
        // As where the pool has another number.
        try Database(path: fixture.store, mode: .readWrite).execute(
            "UPDATE check_result SET device = device + 77; UPDATE image SET device = device + 77")
        let second = try await b.run("scan", "--pool", "p", fixture.pool)
        #expect(second.output.contains("0 examined, 2 unchanged"), "\(second.output)")
        #expect(try await fixture.checkCount() == 2)
        // It knows by now whose they are.
        #expect(try await b.run("scan", fixture.pool).output.contains("0 examined, 2 unchanged"))
        // For the first machine these are other files.
        #expect(try await a.run("scan", fixture.pool).output.contains("2 examined, 0 unchanged"))
        #expect(try await fixture.number("SELECT count(*) FROM image") == 2)
        #expect(try await fixture.number("SELECT count(*) FROM image_event") == 0)
        let nodes = try await fixture.rows("SELECT host, node FROM scan ORDER BY id")
        #expect(nodes.map { $0["node"] as? String } == ["node-a", "node-b", "node-b", "node-a"])
        #expect(nodes.allSatisfy { $0["host"] as? String == "pool:p" })
        // A machine that has not scanned the pool has other images at these paths.
        let c = Machine(name: "node-c", fixture: fixture)
        #expect(try await c.run("scan", fixture.pool).output.contains("2 examined, 0 unchanged"))
        #expect(try await fixture.number("SELECT count(*) FROM image WHERE host = 'node-c'") == 2)
    }

    @Test(.enabled(if: Machine.isPossible, "no machine can have another name here"))
    func onlyAMachineThatHasScannedThePoolRepairsInIt() async throws {
        let image = try fixture.addDamaged()
        let before = try Data(contentsOf: URL(filePath: image))
        let (a, b) = (Machine(name: "node-a", fixture: fixture), Machine(name: "node-b", fixture: fixture))
        _ = try await a.run("scan", "--pool", "p", fixture.pool)
        let stranger = try await b.run("repair", "--yes", "--settle", "0s", image)
        #expect(stranger.status == 8)
        #expect(stranger.errors.contains("the store has no such image; scan it first"), "\(stranger.errors)")
        #expect(try Data(contentsOf: URL(filePath: image)) == before)
        _ = try await b.run("scan", "--pool", "p", fixture.pool)
        let repair = try await b.run("repair", "--yes", "--settle", "0s")
        #expect(repair.status & 1 == 1, "\(repair)")
        #expect(try await fixture.rows("SELECT host FROM repair").first?["host"] as? String == "node-b")
        #expect(try await fixture.rows("SELECT host FROM repair_history").first?["host"] as? String == "node-b")
        #expect(try await b.run("undo", "--yes", "--settle", "0s", "1").status & 1 == 1)
        #expect(try Data(contentsOf: URL(filePath: image)) == before)
    }

    @Test func anImageOfAPoolIsRepairedAndShown() async throws {
        let image = try fixture.addDamaged()
        _ = try await fixture.run("scan", "--pool", "p", fixture.pool)
        #expect(try await fixture.run("show", image).output.contains("pool                  p\n"))
        #expect(try await fixture.repair(image).status & 1 == 1)
        let shown = try await fixture.run("show", "--host", "pool:p", image).output
        #expect(shown.contains("\nmap\n") && !shown.contains("no map:"), "\(shown)")
    }

    // MARK: - status

    @Test func statusNamesPoolShardAndMachine() async throws {
        try fixture.addImage()
        for shard in ["1/2", "2/2"] {
            #expect(try await fixture.run("scan", "--pool", "p", "--shard", shard, fixture.pool).status == 0)
        }
        let lines = try await fixture.run("status").output.split(separator: "\n").filter { !$0.hasPrefix(" ") }
        let here = ScanFixture.thisMachine
        #expect(lines.count == 2)
        for (number, line) in zip(1..., lines) {
            #expect(
                line.hasPrefix(
                    "pool p, shard \(number) of 2, on \(here): no scan is running; the last one was completed 20"),
                "\(line)")
        }
        let rows = try await fixture.run("status", "--format", "jsonl").output
        #expect(rows.contains("\"host\": \"pool:p\"") && rows.contains("\"node\": \"\(here)\""))
        #expect(rows.contains("\"shard_number\": 2, \"shard_count\": 2}"), "\(rows)")
        #expect(try await fixture.run("scan", "--pool", "p", fixture.pool).status == 0)
        let whole = try await fixture.run("status", "--format", "jsonl").output
        #expect(whole.contains("\"shard_number\": null, \"shard_count\": null}"), "\(whole)")
    }
}
