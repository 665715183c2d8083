import Files
import Foundation
import Lab
import QED
import SQLite
import Store
import Testing

/// Overlays and roots from scan to scan, through the program and its store.
@Suite struct OverlayScanTests {
    private let fixture: ScanFixture

    init() throws { fixture = try ScanFixture() }

    private func addImage(_ name: String, on backing: String? = nil) throws {
        var plan = ImagePlan()
        plan.clusterSize = 4096
        plan.tableSize = 1
        plan.imageSize = 4 << 20
        plan.guestClusters = .first(3)
        plan.backingFilename = backing
        try ImageWriter(plan).write(to: RawPath("\(fixture.pool)/\(name)"))
    }

    private func addPool() async throws {
        try addImage("base.qed")
        try addImage("one.qed", on: "base.qed")
        try addImage("two.qed", on: "one.qed")
        try addImage("none.qed", on: "gone.qed")
        try addImage("net.qed", on: "nbd://host/x")
        try await fixture.ageImages()
    }

    /// All rows but those of the scans themselves, and the number of the scan that saw an image last.
    private func content() throws -> [String] {
        let database = try Database(path: fixture.store, mode: .readWrite)
        let image = "(SELECT id, path, device, inode, birth_ns, first_scan_id, missing_since_scan_id FROM image)"
        var lines: [String] = []
        for table in [image, "backing", "check_result", "finding", "image_event", "path_error"] {
            let statement = try database.prepare("SELECT * FROM \(table)")
            while try statement.step() { lines.append("\(table) \(try statement.row())") }
        }
        return lines
    }

    @Test func anUnchangedPoolOfOverlaysAddsNoRowAndChangesNone() async throws {
        try await addPool()
        #expect(try await fixture.run("scan", fixture.pool).status == 0)
        let first = try content()
        #expect(first.count == 5 + 4 + 5)
        for _ in 0..<2 { #expect(try await fixture.run("scan", fixture.pool).status == 0) }
        #expect(try content() == first)
        #expect(try await fixture.number("SELECT reused AS n FROM scan ORDER BY id DESC LIMIT 1") == 5)
        #expect(try await fixture.number("SELECT count(*) AS n FROM scan_change WHERE scan_id > 1") == 0)
    }

    @Test func aScanSaysHowManyOverlaysAreWithoutTheirBase() async throws {
        try await addPool()
        let line = "backing file missing: 1 overlay, see 'qedscan report backing-problems'"
        for quiet in [[], ["-q"]] {
            #expect(try await fixture.run(["scan"] + quiet + [fixture.pool]).output.contains(line))
        }
        try addImage("gone.qed")
        #expect(!(try await fixture.run("scan", fixture.pool).output.contains("without their")))
        #expect(try await fixture.run("scan", "-q", fixture.pool).output.isEmpty)
    }

    @Test func aReusedOverlayLosesItsBase() async throws {
        try await addPool()
        #expect(try await fixture.run("scan", fixture.pool).status == 0)
        try FileManager.default.removeItem(atPath: "\(fixture.pool)/base.qed")
        #expect(try await fixture.run("scan", fixture.pool).status == 0)
        let rows = try await fixture.rows("SELECT path, problem FROM backing_problem ORDER BY path")
        #expect(rows.compactMap { $0["problem"] as? String } == ["missing", "missing"])
        #expect(rows.compactMap { $0["path"] as? String } == ["none.qed", "one.qed"].map { "\(fixture.pool)/\($0)" })
        #expect(try await fixture.number("SELECT count(*) AS n FROM check_result") == 5)
    }

    @Test func aRootThatIsNotMountedHasNotLostItsImages() async throws {
        try addImage("a.qed")
        #expect(try await fixture.run("scan", fixture.pool).status == 0)
        // As if the pool had been on another file system then.
        try Database(path: fixture.store, mode: .readWrite).execute("UPDATE scan_root SET device = device + 1")
        try FileManager.default.moveItem(atPath: "\(fixture.pool)/a.qed", toPath: fixture.directory.file("a.qed"))
        let offline = try await fixture.run("scan", "-q", fixture.pool)
        #expect(offline.status == 8)
        #expect(offline.errors.contains("\(fixture.pool) is another file system than at the last scan"))
        #expect(try await fixture.number("SELECT sum(present) AS n FROM latest_check") == 1)
        try FileManager.default.moveItem(atPath: fixture.directory.file("a.qed"), toPath: "\(fixture.pool)/a.qed")
        #expect(try await fixture.run("scan", fixture.pool).status == 0)
        #expect(try await fixture.number("SELECT count(*) AS n FROM image_event") == 0)
    }
}
