import Foundation
import TestSupport
import Testing

/// `check` keeps to the statuses and words of `qemu-img check`.
@Suite(.endsInTime) struct CheckStatusTests {
    private let fixture: ScanFixture

    init() throws { fixture = try ScanFixture() }

    @Test(arguments: [
        ("sound, 4K/1", 0), ("one cluster more at the end, 4K/1", 3), ("two neighbours share a cluster, 4K/1", 2),
        ("feature bit 3, 4K/1", 1),
    ])
    func statusIsThatOfQEMU(what: String, status: Int32) async throws {
        let path = try fixture.addImage("disk.qed", what)
        let result = try await fixture.run("check", path)
        #expect(result.status == status)
        #expect(!hasControlCharacters(result.output + result.errors))
        #expect(!FileManager.default.fileExists(atPath: fixture.store), "check needs no store")
    }

    @Test func jsonHasTheCounters() async throws {
        let path = try fixture.addImage("a\"b\n.qed", "one cluster more at the end, 4K/1")
        let result = try await fixture.run("check", "--output", "json", path)
        let json = try #require(
            try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: any Sendable])
        #expect(json["filename"] as? String == path)
        #expect(json["leaks"] as? Int == 1)
        #expect(json["check-errors"] as? Int == 0)
        #expect(json["corruptions"] == nil)
    }

    @Test func otherFilesHaveNoCheck() async throws {
        let raw = try fixture.directory.write([UInt8](repeating: 0, count: 4096), to: "raw.img")
        #expect(try await fixture.run("check", raw).status == 63)
        #expect(try await fixture.run("check", "-f", "qed", raw).status == 1)
        #expect(try await fixture.run("check", fixture.directory.file("missing")).status == 1)
        #expect(try await fixture.run("check", fixture.pool).status == 1)
        #expect(try await fixture.run("check", "/dev/null").status == 1)
    }

    @Test(arguments: [["-r", "all"], ["--no-such-option"], ["-f", "vhdx"], ["--output", "yaml"], []])
    func wrongUseGives1(_ options: [String]) async throws {
        let operand = options.isEmpty ? [] : [try fixture.addImage()]
        let result = try await fixture.run(["check"] + options + operand)
        #expect(result.status == 1)
        #expect(result.errors.hasPrefix("qedscan"))
    }

    @Test func aNameWithALeadingDashIsAnImage() async throws {
        let path = try fixture.addImage("-rf.qed")
        let (directory, name) = (fixture.pool, (path as NSString).lastPathComponent)
        let shell = try #require(Tool("sh"))
        let result = try await shell.run([
            "-c", "cd \"$1\" && \"$2\" check -- \"$3\"", "sh", directory, fixture.tool.path, name,
        ])
        #expect(result.status == 0, "\(result.errors)")
    }

    @Test func qemuAgreesOnTheStatus() async throws {
        guard let qemu = Tool("qemu-img") else {
            print("skipped: there is no qemu-img")
            return
        }
        for what in ["sound, 4K/1", "one cluster more at the end, 4K/1", "two neighbours share a cluster, 4K/1"] {
            let path = try fixture.addImage("disk.qed", what)
            let theirs = try await qemu.run(["check", "-f", "qed", path])
            let ours = try await fixture.run("check", "-f", "qed", path)
            // QEMU 7.2 takes a table size of 1 for wrong.
            if theirs.status != 1 { #expect(ours.status == theirs.status, "\(what): \(theirs.output)") }
        }
    }
}
