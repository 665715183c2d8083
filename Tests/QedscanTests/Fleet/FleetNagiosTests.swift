import Foundation
import SQLite
import Store
import TestSupport
import Testing

/// `status --nagios` of a merged store: one question for all hosts.
@Suite(.ownThread, .endsInTime) struct FleetNagiosTests {
    private let fixture: ScanFixture

    init() throws { fixture = try ScanFixture() }

    private func status(_ store: String, _ arguments: String...) async throws -> Tool.Result {
        try await fixture.run(["status", "--nagios", "--db", store] + arguments)
    }

    /// Moves all of a store's scans into the past.
    private func age(_ store: String, days: Int) throws {
        try Database(path: store, mode: .readWrite).execute(
            """
            UPDATE scan SET
                started_at = strftime('%Y-%m-%d %H:%M:%f', started_at, '-\(days) days'),
                finished_at = strftime('%Y-%m-%d %H:%M:%f', finished_at, '-\(days) days')
            """)
    }

    @Test func damageOfAnyHostCounts() async throws {
        try fixture.addImage("sound.qed")
        let sound = try await fixture.scanElsewhere("a.db", node: "a")
        try fixture.addDamaged("bad.qed")
        let damaged = try await fixture.scanElsewhere("b.db", node: "b")
        let all = try await fixture.merge([damaged, sound])
        let result = try await status(all)
        #expect(result.status == 2, "\(result)")
        #expect(result.output.hasPrefix("QEDSCAN CRITICAL - 3 images: 1 corrupt"), "\(result)")
        #expect(try await status(all, "--host", "a").output.hasPrefix("QEDSCAN OK - 1 image: nothing is wrong |"))
        #expect(try await status(all, "--host", "b").status == 2)
        #expect(
            try await status(all, "--host", "c").output
                == "QEDSCAN UNKNOWN - the store has no complete scan of host c\n")
    }

    @Test func theHostThatWasNotScannedIsNamed() async throws {
        try fixture.addImage()
        let fresh = try await fixture.scanElsewhere("a.db", node: "a")
        let old = try await fixture.scanElsewhere("b.db", node: "b")
        try age(old, days: 9)
        let all = try await fixture.merge([old, fresh])
        let result = try await status(all)
        #expect(result.status == 2, "\(result)")
        #expect(
            result.output.hasPrefix(
                "QEDSCAN CRITICAL - 2 images: last complete scan of host b 9.0 days ago |"), "\(result)")
        #expect(result.output.contains(" age=7776"))
        #expect(try await status(all, "--max-age", "10d").status == 0)
        #expect(try await status(all, "--host", "a").status == 0)
    }

    /// The newest scan of a pool says nothing of the other shards.
    @Test func aPoolIsAsOldAsTheOldestOfItsShards() async throws {
        for number in 0..<12 { try fixture.addImage("\(number).qed") }
        func scan(_ shard: Int) async throws -> String {
            let store = "\(shard).db"
            return try await fixture.scanElsewhere(
                store, node: "n\(shard)", host: "pool:nfs", "--pool", "nfs", "--shard", "\(shard)/3")
        }
        let stores = [try await scan(1), try await scan(2), try await scan(3)]
        let some = try await fixture.merge([stores[2], stores[0]], into: "some.db")
        let lacking = try await status(some)
        #expect(
            lacking.status == 3
                && lacking.output == "QEDSCAN UNKNOWN - the store has no complete scan of any host\n", "\(lacking)")
        let own = try await scanOf(host: "m", stores: [stores[2], stores[0]])
        #expect(own.status == 2 && own.output.contains("no complete scan of pool nfs |"), "\(own)")

        try age(stores[1], days: 9)
        let all = try await fixture.merge(stores)
        let result = try await status(all)
        #expect(result.status == 2, "\(result)")
        #expect(result.output.contains("12 images: last complete scan 9.0 days ago |"), "\(result)")
        #expect(try await status(all, "--host", "pool:nfs").status == 2)
        #expect(try await status(all, "--max-age", "10d", fixture.pool).status == 0)
    }

    /// The stores merged with that of a host which is whole.
    private func scanOf(host: String, stores: [String]) async throws -> Tool.Result {
        let whole = try await fixture.scanElsewhere("\(host).db", node: host)
        return try await status(try await fixture.merge([whole] + stores, into: "with-\(host).db"))
    }

    /// A machine that scans one shard has done its work.
    @Test func aStoreOfOneShardIsComplete() async throws {
        try fixture.addImage()
        _ = try await fixture.run("scan", "--pool", "nfs", "--shard", "1/3", fixture.pool)
        _ = try await fixture.run("scan", "--pool", "nfs", "--shard", "2/3", fixture.pool)
        let result = try await status(fixture.store)
        #expect(result.status != 3 && !result.output.contains("complete scan"), "\(result)")
    }

    /// Every shard walks every directory.
    @Test func aPathThatNoShardCouldReadCountsOnce() async throws {
        try fixture.addImage()
        let gone = fixture.directory.file("gone")
        var stores: [String] = []
        for shard in 1...3 {
            let store = fixture.directory.file("\(shard).db")
            let options = ["--db", store, "--pool", "nfs", "--shard", "\(shard)/3"]
            #expect(try await fixture.run(["scan"] + options + [fixture.pool, gone]).status == 8)
            try fixture.giveAway(store, to: "n\(shard)", host: "pool:nfs")
            stores.append(store)
        }
        let result = try await status(try await fixture.merge(stores))
        #expect(result.status == 1 && result.output.contains("1 image: 1 not readable |"), "\(result)")
    }

    /// On one machine the pool was not mounted.
    @Test func aShardThatCouldReadNothingIsNotComplete() async throws {
        for number in 0..<6 { try fixture.addImage("\(number).qed") }
        let aside = fixture.directory.file("aside")
        var stores: [String] = []
        for shard in 1...2 {
            if shard == 2 { try FileManager.default.moveItem(atPath: fixture.pool, toPath: aside) }
            let store = fixture.directory.file("\(shard).db")
            let scan = ["scan", "--db", store, "--pool", "nfs", "--shard", "\(shard)/2", fixture.pool]
            #expect(try await fixture.run(scan).status == (shard == 2 ? 8 : 0))
            try fixture.giveAway(store, to: "n\(shard)", host: "pool:nfs")
            stores.append(store)
        }
        let all = try await fixture.merge(stores)
        #expect(try await status(all).output == "QEDSCAN UNKNOWN - the store has no complete scan of any host\n")
        let shards = try await fixture.run("report", "shards", "--format", "csv", "--db", all).output
        #expect(shards.contains(",2,2,completed,unread,n2,"), "\(shards)")
        #expect(shards.contains(",1,2,completed,,n1,"), "\(shards)")
        let hosts = try await fixture.run("report", "hosts", "--format", "csv", "--db", all).output
        #expect(hosts.contains("pool:nfs,") && hosts.contains(",,,\"n1, n2\"") || hosts.contains(",,,n1"), "\(hosts)")
    }

    @Test func hostGoesWithNagiosOnly() async throws {
        let result = try await fixture.run("status", "--host", "a")
        #expect(result.status == 16 && result.errors.contains("--host goes with --nagios only"), "\(result)")
    }
}
