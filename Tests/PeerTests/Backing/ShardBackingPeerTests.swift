import Files
import Foundation
import Lab
import QED
import TestSupport
import Testing

/// QEMU's overlays whose bases are in other shards or on other machines: a merged store says of them what one scan of
/// everything says.
@Suite(.enabled(if: Peer.isInstalled, "qemu-utils is not installed"))
struct ShardBackingPeerTests {
    private let bench: Bench
    private let qedscan: Tool

    init() throws {
        bench = try Bench()
        qedscan = try #require(Tool.built("qedscan"))
        for directory in ["pool", "own"] { _ = try bench.directory.makeDirectory(directory) }
    }

    private func run(_ commands: [[String]]) async throws -> [ShellBatch.Result] {
        try await ShellBatch.run(commands, in: bench.directory.path)
    }

    private func create(_ path: String, on base: String? = nil, format: String = "qed", size: String = "1M") -> [String]
    {
        ["qemu-img", "create", "-q", "-f", "qed"] + (base.map { ["-u", "-b", $0, "-F", format] } ?? []) + [path, size]
    }

    /// Overlays of a dirty base and of a damaged one, a deep chain, a cycle, one that says raw, one that is too small, one
    /// without its base.
    private func addPool() async throws {
        var commands = [
            create("pool/dirty.qed"), create("pool/bad.qed"), create("pool/large.qed", size: "2M"),
            create("pool/on-large.qed", on: "large.qed"), create("pool/on-gone.qed", on: "gone.qed"),
            create("pool/on-bad.qed", on: "bad.qed"), create("pool/says-raw.qed", on: "bad.qed", format: "raw"),
            create("pool/cycle-1.qed", on: "cycle-2.qed"), create("pool/cycle-2.qed", on: "cycle-1.qed"),
            create("pool/self.qed", on: "self.qed"), create("pool/chain-0.qed", on: "dirty.qed"),
        ]
        for number in 1...9 { commands.append(create("pool/chain-\(number).qed", on: "chain-\(number - 1).qed")) }
        commands.append(["qemu-io", "-f", "qed", "-c", "write 0 64k", "pool/bad.qed"])
        for run in try await run(commands) { try #require(run.status == 0, "\(run.errors)") }
        try ImageEdit.field(.features, 2).apply(to: ImageEditor(path: RawPath(bench.directory.file("pool/dirty.qed"))))
        try ImageEdit.l2(0, 1, 1 << 40).apply(to: ImageEditor(path: RawPath(bench.directory.file("pool/bad.qed"))))
    }

    private func scan(_ store: String, _ arguments: String...) async throws {
        let scan = try await run([[qedscan.path, "scan", "-q", "--db", store] + arguments])[0]
        try #require(scan.status & ~7 == 0, "\(scan.errors)")
    }

    private func report(_ name: String, _ store: String) async throws -> [String] {
        let report = try await run([[qedscan.path, "report", "--db", store, "--format", "csv", name]])[0]
        try #require(report.status == 0, "\(report.errors)")
        return report.output.split(whereSeparator: \.isNewline).map(String.init)
    }

    private func merge(_ stores: [String]) async throws {
        let merge = try await run([[qedscan.path, "store", "merge", "all.db"] + stores])[0]
        try #require(merge.status == 0, "\(merge.errors)")
    }

    @Test(arguments: ["count", "size"]) func shardsSayWhatOneScanSays(_ basis: String) async throws {
        try await addPool()
        try await scan("one.db", "--pool", "vm", "pool")
        let stores = (1...4).map { "shard-\($0).db" }
        for (index, store) in stores.enumerated() {
            try await scan(store, "--pool", "vm", "--shard", "\(index + 1)/4", "--shard-by", basis, "pool")
        }
        try await merge(stores.reversed())
        for name in ["backing-problems", "backing-tree"] {
            let expected = try await report(name, "one.db")
            #expect(try await report(name, "all.db") == expected, "\(name)")
            #expect(expected.count > 10)
        }
        let problems = Set(
            try await report("backing-problems", "one.db").map {
                String($0.split(separator: ",", omittingEmptySubsequences: false)[1])
            })
        #expect(
            problems.isSuperset(of: [
                "base-corrupt", "base-dirty", "base-larger", "cycle", "deep", "missing", "raw-flag", "self",
            ]), "\(problems)")
    }

    @Test func aDirtyBaseInAPoolIsReportedForALocalOverlay() async throws {
        try await addPool()
        let runs = try await run([
            create("own/over.qed", on: "../pool/dirty.qed"), create("own/above.qed", on: "over.qed"),
        ])
        for run in runs { try #require(run.status == 0, "\(run.errors)") }
        try await scan("pool.db", "--pool", "vm", "pool")
        try await scan("own.db", "own")
        #expect(try await report("backing-problems", "own.db").count == 1)
        // In one store, after the pool or before it.
        try await scan("both.db", "--pool", "vm", "pool")
        try await scan("both.db", "own")
        for stores in [["pool.db", "own.db"], ["own.db", "pool.db"], ["both.db"]] {
            let merged = bench.directory.file("all.db")
            if FileManager.default.fileExists(atPath: merged) { try FileManager.default.removeItem(atPath: merged) }
            try await merge(stores)
            let expected = [
                ("backing-problems", "own/over.qed,base-dirty,pool/dirty.qed,,"),
                ("backing-tree", "pool/dirty.qed,clean,1,own/over.qed,"),
                ("backing-tree", "pool/dirty.qed,clean,2,own/above.qed,"),
            ]
            for (name, start) in expected {
                let rows = try await report(name, "all.db").map {
                    $0.replacingOccurrences(of: bench.directory.path + "/", with: "")
                }
                #expect(rows.contains { $0.hasPrefix(start) }, "\(stores): \(start) in \(rows)")
            }
        }
        #expect(
            try await report("backing-problems", "both.db").contains { $0.contains("own/over.qed,base-dirty,") },
            "the store of the machine that scans both")
    }
}
