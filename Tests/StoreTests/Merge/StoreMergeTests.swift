import Assets
import Files
import Foundation
import Lab
import SQLite
import ScanModel
import TestSupport
import Testing

@testable import QED
@testable import Store

/// A merged store gives the same answers as its inputs.
@Suite struct StoreMergeTests {
    private static let seeds: [UInt64] = {
        var random = SeededRandom(seed: Seed.next("StoreMergeTests"))
        return (0..<3).map { _ in random.next() }
    }()

    /// A store of a pool that changed, and copies of it from between.
    private func history(
        seed: UInt64, host: String, node: String, passes: Int = 9
    ) throws -> (store: StoreFixture, copies: [StoreFixture]) {
        let store = try StoreFixture()
        var pool = RandomPool(seed: seed, host: host, node: node)
        var copies: [StoreFixture] = []
        for pass in 1...passes {
            try pool.pass(store)
            if pass % 3 == 0 { copies.append(try store.copy()) }
        }
        return (store, copies)
    }

    @Test(arguments: seeds) func aMergedStoreSaysWhatItsInputSays(seed: UInt64) throws {
        let (store, copies) = try history(seed: seed, host: "h", node: "h")
        let merged = try StoreFixture()
        try merged.merge([store])
        #expect(try merged.content() == store.content(), "seed \(seed)")
        #expect(StoreCheck(ofStoreAt: merged.path).faults == [])
        // As it grew, each part at its time or the latest first.
        for inputs in [copies, copies.reversed()] {
            let grown = try StoreFixture()
            for input in inputs { try grown.merge([input]) }
            #expect(try grown.content() == store.content(), "seed \(seed)")
            #expect(StoreCheck(ofStoreAt: grown.path).faults == [])
        }
    }

    @Test(arguments: seeds.prefix(2)) func mergingIsIdempotentAndIndependentOfOrder(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        var inputs: [StoreFixture] = []
        // Two machines of one pool, and two with different images at the same paths.
        for (host, node) in [("pool:p", "a"), ("pool:p", "b"), ("a", "a"), ("b", "b")] {
            let (store, copies) = try history(seed: random.next(), host: host, node: node, passes: 6)
            inputs += copies + [store]
        }
        let whole = try StoreFixture()
        try whole.merge(inputs)
        let content = try whole.content()
        let ids = try whole.lines("SELECT uuid, id FROM scan ORDER BY uuid")
        #expect(try whole.merge(inputs).allSatisfy(\.isEmpty))
        #expect(try whole.content() == content, "seed \(seed)")
        for _ in 0..<3 {
            let other = try StoreFixture()
            try other.merge(inputs.shuffled(using: &random))
            #expect(try other.content() == content, "seed \(seed)")
            #expect(try other.lines("SELECT uuid, id FROM scan ORDER BY uuid") == ids, "seed \(seed)")
            #expect(StoreCheck(ofStoreAt: other.path).faults == [])
        }
        // Merged stores of parts, merged.
        let (left, right, top) = (try StoreFixture(), try StoreFixture(), try StoreFixture())
        let shuffled = inputs.shuffled(using: &random)
        try left.merge(Array(shuffled.prefix(5)))
        try right.merge(Array(shuffled.dropFirst(3)))
        try top.merge([right, left])
        #expect(try top.content() == content, "seed \(seed)")
        #expect(try top.lines("SELECT uuid, id FROM scan ORDER BY uuid") == ids, "seed \(seed)")
    }

    @Test(arguments: seeds) func whatWasPrunedComesFromTheInputThatHasIt(seed: UInt64) throws {
        let (store, _) = try history(seed: seed, host: "h", node: "h", passes: 8)
        let pruned = try store.copy()
        try ScanStore.use(path: pruned.path) { store throws(StoreError) in
            try Pruning(PruneRule(keepScans: 2, keepSince: nil), in: store).run()
        }
        for inputs in [[pruned, store], [store, pruned]] {
            let merged = try StoreFixture()
            try merged.merge(inputs)
            #expect(try merged.content() == store.content(), "seed \(seed)")
        }
    }

    @Test func samePathsOfTwoHostsStayApartAndThoseOfAPoolComeTogether() throws {
        let stores = try [("a", "a"), ("b", "b"), ("pool:p", "a"), ("pool:p", "b")].map { host, node in
            let store = try StoreFixture()
            try store.scan(host: host, node: node) { writer in
                writer.write("/pool/x", inode: 1)
                writer.write("/pool/of \(node)", inode: 2)
            }
            return store
        }
        let merged = try StoreFixture()
        try merged.merge(stores)
        #expect(
            try merged.lines("SELECT host, path, pool FROM latest_check ORDER BY host, path") == [
                "a|/pool/of a|-", "a|/pool/x|-", "b|/pool/of b|-", "b|/pool/x|-", "pool:p|/pool/of a|p",
                "pool:p|/pool/of b|p", "pool:p|/pool/x|p",
            ])
        #expect(
            try merged.lines("SELECT host, node FROM scan ORDER BY host, node")
                == ["a|a", "b|b", "pool:p|a", "pool:p|b"])
    }

    @Test func aBackingFileIsFoundInAnotherShard() throws {
        let (overlays, bases) = (try StoreFixture(), try StoreFixture())
        try overlays.scan(host: "pool:p", node: "a") { writer in
            writer.write("/pool/over", inode: 1, on: .sample(.sample("/pool/base", inode: 2), inode: 1))
        }
        try bases.scan(host: "pool:p", node: "b") { writer in
            writer.write("/pool/base", inode: 2, report: .corrupt(0))
            writer.write("/pool/bad", inode: 3)
        }
        try bases.execute("UPDATE check_result SET dirty = 1 WHERE inode = 2")
        #expect(try overlays.lines("SELECT problem FROM backing_problem").isEmpty)
        for inputs in [[overlays, bases], [bases, overlays]] {
            let merged = try StoreFixture()
            try merged.merge(inputs)
            #expect(
                try merged.lines("SELECT host, path, problem FROM backing_problem") == ["pool:p|/pool/over|base-dirty"])
        }
    }

    @Test func aPoolThatGetsItsNameLaterLeavesTheHostsImagesGone() throws {
        let store = try StoreFixture()
        try store.scan(host: "a") { $0.write("/pool/x", inode: 1, report: .sample()) }
        let before = try store.copy()
        try store.scan(host: "pool:p", node: "a") { $0.write("/pool/x", inode: 1, report: .sample()) }
        let latest = "SELECT host, path, present FROM latest_check ORDER BY host"
        #expect(try store.lines(latest) == ["a|/pool/x|0", "pool:p|/pool/x|1"])
        for inputs in [[before, store], [store, before]] {
            let merged = try StoreFixture()
            for input in inputs { try merged.merge([input]) }
            #expect(try merged.content() == store.content())
        }
        // And back.
        try store.scan(host: "a") { $0.write("/pool/x", inode: 1, report: .sample()) }
        #expect(try store.lines(latest) == ["a|/pool/x|1", "pool:p|/pool/x|0"])
    }

    /// The error of merging what a statement makes of a store.
    private func refusal(of sql: String, after merged: StoreFixture? = nil, from store: StoreFixture) throws -> String {
        let forged = try store.copy()
        try forged.execute(sql)
        let target = try merged ?? StoreFixture()
        return try ScanStore.use(path: target.path) { store throws(StoreError) in
            let merge = try StoreMerge(into: store)
            let error = #expect(throws: StoreError.self) {
                _ = try merge.add(MergeInput(forged.path, target: target.path))
            }
            return error?.description ?? ""
        }
    }

    @Test func aForgedStoreIsRefusedByName() throws {
        let (store, merged) = (try StoreFixture(), try StoreFixture())
        try store.scan { $0.write("/pool/x", inode: 1) }
        try merged.merge([store])
        let largest = """
            PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON;
            UPDATE scan SET id = 9223372036854775807, merged_at = 'then';
            UPDATE image SET first_scan_id = 9223372036854775807, last_scan_id = 9223372036854775807;
            UPDATE check_result SET scan_id = 9223372036854775807;
            """
        #expect(try refusal(of: largest, from: store).contains("its ID is none of a merged scan"))
        for time in ["now", "12:00", "1999-12-31 00:00:00.000", "5373484.49"] {
            let sql = "UPDATE scan SET started_at = '\(time)'"
            #expect(try refusal(of: sql, from: store).contains("started_at is no time since 2000"), "\(time)")
        }
        let other = "UPDATE scan SET host = 'other', node = 'other'; UPDATE image SET host = 'other'"
        #expect(try refusal(of: other, after: merged, from: store).contains("another scan has its UUID"))
    }

    @Test func anEmptyFileIsNotAStoreThatWasMerged() throws {
        let (empty, merged) = (try StoreFixture(), try StoreFixture())
        try #require(FileManager.default.createFile(atPath: empty.path, contents: Data()))
        let error = #expect(throws: StoreError.self) { try merged.merge([empty]) }
        #expect(error?.description.contains("it is empty") == true)
    }

    @Test func anOlderStoreWithScansIsRefusedAsATargetAndStaysAsItIs() throws {
        let old = try StoreFixture()
        try OldStoreTests.load(4, into: old)
        let before = try Data(contentsOf: URL(filePath: old.path))
        #expect(throws: StoreError.self) { try StoreMerge.refuseTarget(at: old.path) }
        #expect(try Data(contentsOf: URL(filePath: old.path)) == before)
    }

    @Test func longHistoriesThatComeLateArePutInOrder() throws {
        let stores = [try StoreFixture(), try StoreFixture()]
        for number in 0..<6 {
            try stores[number % 2].scan(host: "pool:p", node: "n\(number % 2)") { writer in
                writer.write("/pool/x", inode: 1, report: .corrupt(0, leaks: 0))
            }
        }
        for (index, store) in stores.enumerated() {
            try store.execute(
                "UPDATE scan SET started_at = format('2026-01-01 00:00:%02d.000', id * 2 + \(index))")
        }
        let merged = try StoreFixture()
        try merged.merge(stores)
        #expect(
            try merged.lines("SELECT node FROM check_result JOIN scan ON scan.id = scan_id ORDER BY check_result.id")
                == ["n0", "n1", "n0", "n1", "n0", "n1"])
    }

    @Test func storageThatIsNotTheSameUnderOneNameIsNamed() throws {
        let merged = try StoreFixture()
        func doubt(_ inputs: [StoreFixture]) throws -> [String] {
            try merged.merge(inputs)
            let merge = try StoreMerge(into: try ScanStore(writing: merged.path))
            return try merge.conflictingPools().map { "\($0.pool) \($0.root) \($0.nodes)" }
        }
        let stores = try [("a", 64 as UInt64), ("b", 64), ("c", 65)].map { node, inode in
            let store = try StoreFixture()
            let root = ScannedRoot(path: RawPath("/pool"), file: FileKey(device: 1, inode: inode))
            try store.scan(host: "pool:p", node: node, roots: [root]) { $0.write("/pool/\(node)", inode: 1) }
            return store
        }
        #expect(try doubt([stores[0], stores[1]]) == [])
        #expect(try doubt([stores[2]]) == ["p /pool a, b, c"])
    }

    @Test func whatCannotBeMergedIsNamedAndTheRestIsMerged() throws {
        let (good, bad, newer) = (try StoreFixture(), try StoreFixture(), try StoreFixture())
        for store in [good, bad, newer] { try store.scan { $0.write("/pool/x", inode: 1) } }
        try newer.execute("INSERT INTO schema_migration VALUES (\(Assets.migrations.count + 1), 'n', 's', 't')")
        try bad.execute("PRAGMA foreign_keys = OFF; DELETE FROM image")
        let merged = try StoreFixture()
        try ScanStore.use(path: merged.path) { store throws(StoreError) in
            let merge = try StoreMerge(into: store)
            for (input, reason) in [(bad, "no row of image"), (newer, "newer"), (merged, "to merge into")] {
                let error = #expect(throws: StoreError.self) {
                    try merge.add(MergeInput(input.path, target: merged.path))
                }
                let text = error?.description ?? ""
                #expect(text.contains(input.path) && text.contains(reason), "\(text)")
            }
            #expect(
                try StoreError.wrap { () throws(SQLiteError) in try store.database.scalar("SELECT count(*) FROM scan") }
                    == .integer(0))
            _ = try merge.add(MergeInput(good.path, target: merged.path))
        }
        #expect(try merged.lines("SELECT path FROM latest_check") == ["/pool/x"])
        #expect(try FileManager.default.contentsOfDirectory(atPath: merged.directory.path).sorted() == ["store.db"])
    }

    @Test func aStoreWithScansOfItsOwnIsNoTargetAndAMergedOneIsNotScannedInto() throws {
        let (own, other, merged) = (try StoreFixture(), try StoreFixture(), try StoreFixture())
        for store in [own, other] { try store.scan { $0.write("/pool/x", inode: 1) } }
        #expect(throws: StoreError.self) { try own.merge([other]) }
        try merged.merge([other])
        let store = try ScanStore(reading: merged.path)
        #expect(throws: StoreError.self) { try store.refuseMerged(path: merged.path) }
        try ScanStore(reading: own.path).refuseMerged(path: own.path)
    }

    @Test func aScanThatWasRunningIsBroughtUpToDate() throws {
        let store = try StoreFixture()
        try store.scan { writer in writer.write("/pool/a", inode: 1) }
        let running = try store.copy()
        try running.execute(
            """
            UPDATE scan SET state = 'running', finished_at = NULL, images_seen = 0, clean = 0;
            DELETE FROM check_result; DELETE FROM image;
            """)
        let merged = try StoreFixture()
        try merged.merge([running, store, running])
        #expect(try merged.content() == store.content())
    }

    @Test func aClockThatWentBackKeepsTheOrderOfItsStore() throws {
        let store = try StoreFixture()
        for count in [1, 2, 0] as [UInt64] {
            try store.scan { writer in
                writer.write(
                    "/pool/a", inode: 1,
                    report: .sample { _ in
                    } _: {
                        $0.leaks = count
                    })
            }
        }
        try store.execute(
            """
            UPDATE scan SET started_at = '2031-01-01 00:00:00.000' WHERE id = 1;
            UPDATE check_result SET outcome = 'clean', leaks = 0 WHERE id = 3;
            UPDATE check_result SET outcome = 'incomplete' WHERE id < 3;
            """)
        try store.execute("UPDATE scan SET clean = 0, incomplete = 1, leaking = 0 WHERE id < 3")
        try store.execute("UPDATE scan SET clean = 1, leaking = 0 WHERE id = 3")
        let merged = try StoreFixture()
        try merged.merge([store])
        #expect(try merged.content() == store.content())
        #expect(try merged.lines("SELECT outcome FROM latest_check") == ["clean"])
    }

    @Test(arguments: [1, 2, 3, 4]) func anOlderStoreIsReadThroughACopy(version: Int) throws {
        let old = try StoreFixture()
        try OldStoreTests.load(version, into: old)
        let before = try Data(contentsOf: URL(filePath: old.path))
        let merged = try StoreFixture()
        try merged.merge([old])
        #expect(try Data(contentsOf: URL(filePath: old.path)) == before)
        try ScanStore(writing: old.path).close()
        #expect(try merged.content() == old.content())
        #expect(try FileManager.default.contentsOfDirectory(atPath: merged.directory.path) == ["store.db"])
    }
}
