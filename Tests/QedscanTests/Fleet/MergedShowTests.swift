import Foundation
import Lab
import SQLite
import Store
import TestSupport
import Testing

/// `show --host`, and the page of a merged store.
@Suite(.endsInTime) struct MergedShowTests {
    private let fixture: ScanFixture
    private let image: String

    init() throws {
        fixture = try ScanFixture()
        image = try fixture.addDamaged()
    }

    private func shown(_ all: String, _ arguments: String...) async throws -> Tool.Result {
        try await fixture.run(["show", "--db", all] + arguments)
    }

    // MARK: - show

    @Test func theOnlyHostThatHasThePathIsFound() async throws {
        let all = try await fixture.merge([try await fixture.scanElsewhere("b.db", node: "b")])
        let found = try await shown(all, image)
        #expect(found.status == 0 && found.output.contains("host                  b\n"), "\(found)")
        // The file at that path is this machine's.
        #expect(found.output.contains("\nmap\nnot shown: the image is on another host\n"), "\(found.output)")
        let svg = fixture.directory.file("map.svg")
        #expect(try await shown(all, "--svg", svg, image).status == 8)
        #expect(!FileManager.default.fileExists(atPath: svg))
        #expect(try await shown(all, "--host", "b", image).output == found.output)
    }

    @Test func severalHostsAreNamedAndOneOfThemIsChosen() async throws {
        let all = try await fixture.merge([
            try await fixture.scanElsewhere("b.db", node: "b"), try await fixture.scanElsewhere("c.db", node: "c"),
            try await fixture.scanElsewhere("p.db", node: "c", host: "pool:p q"),
        ])
        let refused = try await shown(all, image)
        #expect(refused.status == 8 && refused.output.isEmpty)
        #expect(refused.errors.contains("\(image): 3 hosts have such an image: b, c, pool:p q"), "\(refused.errors)")
        #expect(refused.errors.contains("hint: name one of them with --host"))
        for host in ["b", "c", "pool:p q"] {
            let found = try await shown(all, "--host", host, "--format", "json", image)
            #expect(found.status == 0 && found.output.contains("\"host\": \"\(host)\""), "\(found)")
        }
        for (host, words) in [("d", "of host d"), ("pool:d", "of pool d"), ("", "of host ")] {
            let unknown = try await shown(all, "--host", host, image)
            #expect(
                unknown.status == 8 && unknown.errors.contains("the store knows no such image \(words)"), "\(unknown)")
        }
        #expect(try await shown(all, image + "-none").errors.contains("the store knows no such image on "))
    }

    @Test func thisMachinesImageComesBeforeThoseOfOthers() async throws {
        let here = ScanFixture.thisMachine
        let all = try await fixture.merge([
            try await fixture.scanElsewhere("b.db", node: "b"), try await fixture.scanElsewhere("own.db", node: here),
        ])
        let own = try await shown(all, image)
        #expect(own.status == 0 && own.output.contains("host                  \(here)\n"), "\(own)")
        #expect(!own.output.contains("not shown"), "\(own.output)")
        #expect(try await shown(all, "--host", "b", image).output.contains("host                  b\n"))
    }

    @Test func aPoolsImageIsMappedThoughAnotherMachineCheckedIt() async throws {
        let store = try await fixture.scanElsewhere("p.db", node: "b", host: "pool:p")
        // Its number for the device was another.
        try Database(path: store, mode: .readWrite).execute("UPDATE check_result SET device = device + 77")
        let all = try await fixture.merge([store])
        for arguments in [[image], ["--host", "pool:p", image]] {
            let found = try await fixture.run(["show", "--db", all] + arguments)
            #expect(found.output.contains("\nmap\n") && !found.output.contains("not shown"), "\(found.output)")
        }
        #expect(!(try await fixture.page("--db", all).contains("No map")))
        // Results of other files are not taken for results of this one.
        try FileManager.default.removeItem(atPath: image)
        try fixture.addDamaged()
        #expect(try await shown(all, image).output.contains("not shown: the file has changed since it was checked"))
    }

    /// On another machine the link leads elsewhere.
    @Test func aPathOfAnotherHostIsTakenAsItIs() async throws {
        let store = try await fixture.scanElsewhere("b.db", node: "b")
        let link = fixture.directory.file("link")
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: fixture.pool)
        try Database(path: store, mode: .readWrite).execute(
            "UPDATE image SET path = replace(path, '\(fixture.pool)', '\(link)')")
        let all = try await fixture.merge([store])
        for arguments in [["\(link)/disk.qed"], ["--host", "b", "\(link)/disk.qed"]] {
            let found = try await fixture.run(["show", "--db", all] + arguments)
            #expect(found.status == 0 && found.output.contains("\(link)/disk.qed\n"), "\(found)")
        }
    }

    // MARK: - The page

    @Test func thePageOfShardsHasOneTrendAndSaysWhereToRepair() async throws {
        try fixture.addImage("sound.qed")
        var stores: [String] = []
        // Three nights of two shards.
        for night in 1...3 {
            for shard in 1...2 {
                let store = try await fixture.scanElsewhere(
                    "\(night)-\(shard).db", node: "node-\(shard)", host: "pool:p", "--shard", "\(shard)/2")
                try Database(path: store, mode: .readWrite).execute(
                    "UPDATE scan SET started_at = '2026-01-0\(night) 0\(shard):00:00.000'")
                stores.append(store)
            }
        }
        let all = try await fixture.merge(stores)
        let text = try await fixture.page("--db", all)
        let page = try ParsedPage(text)
        #expect(page.elements("svg").count { $0["aria-label"]?.contains("in the last 3 days of pool:p") == true } == 1)
        let trend = try #require(
            text.components(separatedBy: "</details>").first?.components(separatedBy: "<details>").last)
        let rows = trend.components(separatedBy: "<tr>").dropFirst(2)
        #expect(rows.count == 3)
        // Both shards each night.
        for row in rows {
            #expect(
                row.contains(">2 of 2 completed</td><td class=\"number\">2</td><td class=\"number\">1</td>"), "\(row)")
        }
        #expect(text.contains("<li>pool:p, shard 2 of 2 on node-2: <code>"))
        // The images of one pool need no host to be told apart.
        #expect(!text.contains(">Host</th>"))
        let commands = page.texts["pre"] ?? []
        #expect(commands == ["qedscan repair -n \(image)"], "\(commands)")
        #expect(text.contains("or another machine that has scanned the pool, with the store of its own."))
        #expect(page.texts["code"]?.contains("qedscan repair -n") == true)
        #expect(!text.contains("repair --db"))
    }

    @Test func whatNoShardCouldReadIsOnThePageOnce() async throws {
        let gone = fixture.directory.file("gone")
        var stores: [String] = []
        for shard in 1...2 {
            let store = fixture.directory.file("\(shard).db")
            let scan = ["scan", "--db", store, "--pool", "p", "--shard", "\(shard)/2", fixture.pool, gone]
            #expect(try await fixture.run(scan).status & 8 == 8)
            stores.append(store)
        }
        let text = try await fixture.page("--db", try await fixture.merge(stores))
        let rows = text.components(separatedBy: "<tr>").filter { $0.contains(">realpath: No such file") }
        #expect(rows.count == 1, "\(rows)")
    }

    @Test func thePageOfManyHostsSaysWhereEachImageIs() async throws {
        let all = try await fixture.merge([
            try await fixture.scanElsewhere("b.db", node: "b"), try await fixture.scanElsewhere("c.db", node: "c"),
        ])
        let text = try await fixture.page("--db", all)
        for host in ["b", "c"] {
            #expect(text.contains("<span class=\"soft\">on \(host)</span>"))
            #expect(text.contains("<p class=\"soft\">On \(host), with the store of its own.</p>"))
        }
        #expect(text.contains("No map: the image is on another host."))
    }
}
