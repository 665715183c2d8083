import Corpus
import Foundation
import Lab
import SQLite
import Store
import TestSupport
import Testing

/// The operands of a scan, and what it prints about them.
@Suite(.ownThread, .endsInTime) struct ScanOperandTests {
    private let fixture: ScanFixture

    init() throws { fixture = try ScanFixture() }

    @Test func aNamedFileThatIsNoImageIsAnError() async throws {
        let raw = try fixture.directory.write([UInt8](repeating: 0, count: 4096), to: "raw.img")
        let result = try await fixture.run("scan", raw)
        #expect(result.status == 8)
        #expect(result.errors.contains(raw))
        #expect(result.errors.contains("not a QED image"), "\(result.errors)")
        _ = try fixture.directory.write([0], to: "pool/other.img")
        #expect(try await fixture.run("scan", fixture.pool).status == 0, "in a directory it is none of our business")
    }

    /// As from a script whose variable is not set.
    @Test func anEmptyNameIsAnError() async throws {
        try fixture.addImage("1.qed")
        for _ in 0..<2 {
            let result = try await fixture.run("scan", "", fixture.pool)
            #expect(result.status == 8)
            #expect(result.errors.contains("No such file"), "\(result.errors)")
        }
        #expect(try await fixture.number("SELECT count(*) FROM latest_check") == 1)
    }

    @Test func theSummaryCountsWhatIsNoLongerThere() async throws {
        try fixture.addImage("1.qed")
        let path = try fixture.addImage("2.qed")
        #expect(!(try await fixture.run("scan", fixture.pool).output.contains("no longer there")))
        try FileManager.default.removeItem(atPath: path)
        let result = try await fixture.run("scan", fixture.pool)
        #expect(result.status == 0)
        #expect(result.output.contains("  1  no longer there, see 'qedscan report missing'\n"), "\(result.output)")
        #expect(!(try await fixture.run("scan", fixture.pool).output.contains("no longer there")), "said once")
    }

    @Test func verboseListsTheDamagedImages() async throws {
        let clean = try fixture.addImage("clean.qed")
        let damaged = try fixture.addImage("damaged.qed", "two neighbours share a cluster, 4K/1")
        #expect(!(try await fixture.run("scan", fixture.pool).output.contains(damaged)))
        let result = try await fixture.run("scan", "-v", "--full", fixture.pool)
        #expect(result.output.contains("corrupt  \(damaged)"), "\(result.output)")
        #expect(!result.output.contains(clean))
    }

    @Test(arguments: ["", "/", "//"]) func anExcludedDirectoryMayEndInASlash(_ suffix: String) async throws {
        let left = try fixture.directory.makeDirectory("pool/left")
        _ = try fixture.directory.makeDirectory("pool/left-over")
        for name in ["1.qed", "left/2.qed", "left-over/3.qed"] { try fixture.addImage(name) }
        for pattern in [left, "left"] {
            let result = try await fixture.run("scan", "--full", "--exclude", pattern + suffix, fixture.pool)
            #expect(result.status == 0, "\(result.errors)")
            #expect(try await fixture.number("SELECT images_seen FROM scan ORDER BY id DESC") == 2)
        }
    }

    @Test func anImageNamedAsStoreIsLeftAlone() async throws {
        try fixture.addImage("1.qed")
        let image = try fixture.addImage("2.qed")
        let before = (try listing(), try Data(contentsOf: URL(filePath: image)))
        let result = try await fixture.run("scan", "--db", image, fixture.pool)
        #expect(result.status == 8)
        #expect(result.errors.contains("is not a SQLite database"), "\(result.errors)")
        #expect(try listing() == before.0)
        #expect(try Data(contentsOf: URL(filePath: image)) == before.1)
    }

    @Test func anImageThatHasItsOldNameBackIsReused() async throws {
        let (old, new) = (try fixture.addImage("b.qed"), "\(fixture.pool)/c.qed")
        try await fixture.ageImages()
        #expect(try await fixture.run("scan", fixture.pool).status == 0)
        try FileManager.default.moveItem(atPath: old, toPath: new)
        try await fixture.ageImages()
        #expect(try await fixture.run("scan", fixture.pool).status == 0)
        try FileManager.default.moveItem(atPath: new, toPath: old)
        try await fixture.ageImages()
        #expect(try await fixture.run("scan", fixture.pool).status == 0)
        let count = try await fixture.checkCount()
        #expect(try await fixture.run("scan", fixture.pool).status == 0)
        #expect(try await fixture.checkCount() == count)
        #expect(try await fixture.number("SELECT reused FROM scan ORDER BY id DESC") == 1)
        let present = try await fixture.rows("SELECT path FROM latest_check WHERE present")
        #expect(present.map { $0["path"] as? String } == [old])
    }

    @Test(.enabled(if: FaultShim.isPossible, "nothing can be preloaded here"))
    func aScanWaitsForAReader() async throws {
        try fixture.addImage()
        #expect(try await fixture.run("scan", fixture.pool).status == 0)
        let reader = try Database(path: fixture.store, mode: .readOnly)
        #expect(try reader.journalMode() == .delete)
        try reader.execute("BEGIN")
        #expect(try reader.scalar("SELECT count(*) FROM scan") == .integer(1))
        // Nothing but SQLite calls usleep(3), and only while it waits for a lock.
        let shim = FaultShim(fixture.tool, environment: fixture.environment)
        let (scan, gate) = try shim.start(["scan", "--full", fixture.pool], pausingAt: "usleep", 1)
        try #require(gate.isReached(by: scan), "it can commit nothing before the reader is done")
        #expect(try reader.scalar("SELECT count(*) FROM scan") == .integer(1))
        try reader.execute("COMMIT")
        try reader.close()
        try gate.open()
        let status = await scan.wait()
        let errors = try scan.errors()
        #expect(status == 0, "\(errors)")
        #expect(try await fixture.number("SELECT count(*) FROM scan WHERE state = 'completed'") == 2)
        #expect(try await fixture.checkCount() == 2)
    }

    /// Every name below the fixture's directory.
    private func listing() throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: fixture.directory.path).sorted()
    }
}
