import Foundation
import TestSupport
import Testing

/// The bits of the exit status, each from a pool that gives it.
@Suite(.endsInTime) struct ExitStatusTests {
    private let fixture: ScanFixture

    init() throws { fixture = try ScanFixture() }

    @Test(arguments: [
        ("sound, 4K/1", 0), ("one cluster more at the end, 4K/1", 2), ("two neighbours share a cluster, 4K/1", 4),
        ("feature bit 3, 4K/1", 8),
    ])
    func eachOutcomeHasItsBit(what: String, status: Int32) async throws {
        try fixture.addImage("disk.qed", what)
        #expect(try await fixture.run("scan", fixture.pool).status == status)
        #expect(try await fixture.run("scan", fixture.pool).status == status, "a second scan says the same")
    }

    @Test func bitsAddUp() async throws {
        try fixture.addImage("1.qed", "one cluster more at the end, 4K/1")
        try fixture.addImage("2.qed", "two neighbours share a cluster, 4K/1")
        let result = try await fixture.run("scan", fixture.pool, fixture.directory.file("missing"))
        #expect(result.status == 2 | 4 | 8)
        #expect(result.errors.contains("missing"))
    }

    @Test func unreadableImagesAndDirectoriesAreErrorsAndStayPresent() async throws {
        guard let run = try await Tool.unprivileged(fixture.tool) else {
            print("skipped: there is no way to run the program as an ordinary user")
            return
        }
        let hidden = try fixture.directory.makeDirectory("pool/hidden")
        for name in ["1.qed", "2.qed", "hidden/3.qed"] { try fixture.addImage(name) }
        chmod(fixture.directory.path, 0o777)
        #expect(try await run(["scan", "-q", fixture.pool], fixture.environment).status == 0)
        defer { chmod(hidden, 0o700) }
        chmod(hidden, 0)
        chmod("\(fixture.pool)/2.qed", 0)
        let result = try await run(["scan", fixture.pool], fixture.environment)
        #expect(result.status == 8)
        #expect(result.errors.contains("hidden") && result.errors.contains("2.qed"))
        let missing = "SELECT path FROM latest_check WHERE NOT present"
        #expect(try await fixture.rows(missing).isEmpty, "an image that cannot be read is not a missing one")
        #expect(try await fixture.number("SELECT count(*) FROM path_error") == 2)
    }

    @Test(arguments: [
        ["scan"], ["scan", "--no-such-option", "/"], ["frobnicate"], ["report", "no-such-report"], ["query"],
        ["scan", "-j", "-1", "/"], ["scan", "--max-age", "soon", "/"], ["query", "--format", "xml", "SELECT 1"],
        ["--db", "", "query", "SELECT 1"], ["completions", "tcsh"],
    ])
    func wrongCommandLinesGive16(_ arguments: [String]) async throws {
        let result = try await fixture.run(arguments)
        #expect(result.status == 16)
        #expect(result.output == "")
        #expect(result.errors.hasPrefix("qedscan"))
        #expect(!FileManager.default.fileExists(atPath: fixture.store))
    }
}
