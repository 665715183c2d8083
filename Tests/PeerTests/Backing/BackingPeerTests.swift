import Files
import Foundation
import Lab
import QED
import TestSupport
import Testing

/// Backing files as QEMU makes and finds them.
@Suite(.enabled(if: Peer.isInstalled, "qemu-utils is not installed"))
struct BackingPeerTests {
    private let bench: Bench
    private let qedscan: Tool

    init() throws {
        bench = try Bench()
        qedscan = try #require(Tool.built("qedscan"))
        _ = try bench.directory.makeDirectory("pool/sub")
    }

    private func create(_ name: String, on base: String? = nil, format: String = "qed", size: String = "1M") -> [String]
    {
        ["qemu-img", "create", "-q", "-f", "qed"] + (base.map { ["-u", "-b", $0, "-F", format] } ?? [])
            + ["pool/" + name, size]
    }

    /// Scans the pool and returns the problems, without their details.
    private func problems() async throws -> [String] {
        try await rows("SELECT path, problem FROM backing_problem ORDER BY path, problem")
    }

    private func rows(_ sql: String) async throws -> [String] {
        let database = bench.directory.file("store.db")
        let scan = try await bench.run(["timeout", "60", qedscan.path, "scan", "-q", "--db", database, "pool"])[0]
        #expect(scan.status != 124, "the scan hangs")
        let query = try await bench.run([qedscan.path, "query", "--db", database, "--format", "csv", sql])[0]
        #expect(query.status == 0, "\(query.errors)")
        return query.output.split(whereSeparator: \.isNewline).dropFirst().map {
            $0.replacingOccurrences(of: bench.directory.path + "/pool/", with: "")
        }
    }

    @Test(arguments: ["base.qed", "sub/../base.qed", "./sub/.././base.qed", "./a:b.qed", "link/../base.qed", "/BASE"])
    func backingNamesLeadWhereQEMUGoes(_ name: String) async throws {
        symlink("sub", bench.directory.file("pool/link"))
        let name = name == "/BASE" ? bench.directory.file("pool/base.qed") : name
        let overlay = bench.directory.file("pool/overlay.qed")
        let runs = try await bench.run(
            create("base.qed"), create("a:b.qed"), create("overlay.qed", on: name),
            ["qemu-img", "info", "--backing-chain", "--output=json", overlay])
        #expect(runs[3].status == 0, "\(runs[3].errors)")
        let chain = try #require(try JSONSerialization.jsonObject(with: Data(runs[3].output.utf8)) as? [[String: Any]])
        let opened = try #require(chain.last?["filename"] as? String)
        let target = BackingName(bytes: Array(name.utf8)).target(overlay: RawPath(overlay))
        #expect(target == .path(RawPath(opened)))
        #expect(try await problems() == [])
        let found = try await rows("SELECT state, base_is_qed FROM backing_link")
        #expect(found == ["found,1"])
    }

    /// `file:` without a slash is relative to the directory in which QEMU runs.
    @Test func protocolsAreThoseOfQEMU() async throws {
        let runs = try await bench.run(
            create("base.qed"), create("c.qed"), create("a.qed", on: "c:base.qed"),
            create("b.qed", on: "file:base.qed"),
            ["qemu-img", "info", "--backing-chain", "pool/a.qed"],
            ["qemu-img", "info", "--backing-chain", "pool/b.qed"],
            ["sh", "-c", "cd pool && qemu-img info --backing-chain b.qed"])
        #expect(runs[4].errors.contains("Unknown protocol 'c'"))
        #expect(runs[5].status == 1 && runs[6].status == 0)
        let links = try await rows("SELECT kind, base_path FROM backing_link")
        #expect(links == ["protocol,", "protocol,"])
    }

    @Test func jsonIsNotOpened() async throws {
        let name = "json:{\"driver\":\"raw\",\"file\":{\"driver\":\"null-co\",\"size\":1048576}}"
        let runs = try await bench.run(
            create("a.qed", on: name), ["qemu-img", "info", "--backing-chain", "pool/a.qed"])
        #expect(runs[1].status == 0, "\(runs[1].errors)")
        #expect(try await rows("SELECT kind FROM backing_link") == ["json"])
        #expect(try await problems() == [])
    }

    @Test func aChainLosesItsBase() async throws {
        try await bench.run(
            create("base.qed"), create("one.qed", on: "base.qed"), create("sub/two.qed", on: "../one.qed"))
        #expect(try await problems() == [])
        #expect(
            try await rows("SELECT base_path, depth, path FROM backing_tree ORDER BY base_path, depth")
                == ["base.qed,1,one.qed", "base.qed,2,sub/two.qed", "one.qed,1,sub/two.qed"])
        let opened = try await bench.run(
            ["rm", "pool/base.qed"], ["qemu-img", "info", "--backing-chain", "pool/sub/two.qed"])
        #expect(opened[1].status == 1)
        #expect(try await problems() == ["one.qed,missing"])
    }

    @Test func aBaseThatIsWrittenHasChanged() async throws {
        try await bench.run(create("base.qed"), create("one.qed", on: "base.qed"))
        #expect(try await problems() == [])
        try await bench.run(["sleep", "0.1"], ["qemu-io", "-f", "qed", "-c", "write -P 7 0 64k", "pool/base.qed"])
        #expect(try await problems() == ["one.qed,base-changed"])
    }

    @Test func cyclesSelfReferencesAndFIFOsDoNotHang() async throws {
        #expect(mkfifo(bench.directory.file("pool/pipe"), 0o600) == 0)
        try await bench.run(
            create("a.qed", on: "b.qed"), create("b.qed", on: "a.qed"), create("self.qed", on: "self.qed"),
            create("piped.qed", on: "pipe"), create("raw.qed", on: "a.qed", format: "raw"))
        // Whatever was written after its overlay has changed.
        let found = try await problems().filter { !$0.hasSuffix(",base-changed") }
        #expect(
            found == ["a.qed,cycle", "b.qed,cycle", "piped.qed,unreadable", "raw.qed,raw-flag", "self.qed,self"])
    }

    @Test func aDamagedOrLargerBaseIsNamed() async throws {
        try await bench.run(
            create("base.qed", size: "2M"), ["qemu-io", "-f", "qed", "-c", "write -P 7 0 64k", "pool/base.qed"],
            create("one.qed", on: "base.qed", size: "1M"))
        let editor = try ImageEditor(path: RawPath(bench.directory.file("pool/base.qed")))
        try editor.writeL2(0x7777, at: 0, of: 0)
        let found = try await problems()
        #expect(found.filter { $0 != "one.qed,base-changed" } == ["one.qed,base-corrupt", "one.qed,base-larger"])
    }

    @Test func aBaseThatAWriterHasOpenIsInUse() async throws {
        try await bench.run(create("base.qed"), create("one.qed", on: "base.qed"))
        let writer = try await QEMUHolder(opening: bench.directory.file("pool/base.qed"))
        let found = try await problems()
        #expect(found.contains("one.qed,base-in-use"))
        writer.close()
    }
}
