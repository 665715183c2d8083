import Files
import Foundation
import Glibc
import Lab
import QED
import Store
import TestSupport
import Testing

/// What `show` says about the backing files of an image, and about its overlays.
@Suite(.endsInTime) struct ShowBackingTests {
    private let fixture: ScanFixture

    init() throws { fixture = try ScanFixture() }

    @Test func chainIsListedFromTheNearestBaseDown() async throws {
        try addImage("base.qed")
        try addImage("one.qed", on: "base.qed")
        try addImage("two.qed", on: "./one.qed")
        try await scan()
        let rows = try await section("backing_chain", of: "two.qed")
        #expect(rows.map { $0["depth"] as? Int } == [1, 2])
        #expect(rows.map { $0["name"] as? String } == ["./one.qed", "base.qed"])
        #expect(rows.map { $0["path"] as? String } == [path("one.qed"), path("base.qed")])
        #expect(rows.allSatisfy { $0["state"] as? String == "found" && $0["kind"] as? String == "file" })
        #expect(rows.allSatisfy { $0["outcome"] as? String == "clean" && $0["is_qed"] as? Int == 1 })
        #expect(rows.allSatisfy { $0["problems"] is NSNull })
        #expect(try await section("overlays", of: "two.qed").isEmpty)
        let text = try await text("two.qed")
        #expect(text.contains("\nbacking chain\ndepth  name") && !text.contains("\noverlays\n"))
        #expect(text.contains("./one.qed"))
    }

    @Test func overlaysAreListedDirectOnesFirst() async throws {
        try addImage("base.qed")
        try addImage("one.qed", on: "base.qed")
        try addImage("two.qed", on: "one.qed")
        try addImage("second.qed", on: "base.qed")
        try addImage("apart.qed")
        try await scan()
        let rows = try await section("overlays", of: "base.qed")
        #expect(rows.map { $0["depth"] as? Int } == [1, 1, 2])
        #expect(rows.map { $0["path"] as? String } == ["one.qed", "second.qed", "two.qed"].map(path))
        #expect(rows.map { $0["through"] as? String } == [nil, nil, path("one.qed")])
        #expect(rows.allSatisfy { $0["outcome"] as? String == "clean" })
        #expect(try await section("backing_chain", of: "base.qed").isEmpty)
        let text = try await text("base.qed")
        #expect(text.contains("\noverlays\ndepth  path") && !text.contains("\nbacking chain\n"))
        let apart = try await self.text("apart.qed")
        #expect(!apart.contains("\noverlays\n") && !apart.contains("\nbacking chain\n"))
    }

    @Test func anOverlayThatIsGoneIsNoLongerListed() async throws {
        try addImage("base.qed")
        try addImage("one.qed", on: "base.qed")
        try await scan()
        unlink(path("one.qed"))
        try await scan()
        #expect(try await section("overlays", of: "base.qed").isEmpty)
        #expect(try await section("backing_chain", of: "one.qed").count == 1, "what was below it is still known")
    }

    @Test func problemsAreShownAtTheirLink() async throws {
        try addImage("one.qed", on: "gone.qed")
        try ImageEditor(path: path("one.qed")).writeL2(1 << 40, at: 1, of: 0)
        try addImage("two.qed", on: "one.qed")
        try await scan()
        let rows = try await section("backing_chain", of: "two.qed")
        #expect(rows.map { $0["state"] as? String } == ["found", "missing"])
        #expect(rows.map { $0["outcome"] as? String } == ["corrupt", nil])
        #expect(rows.map { $0["problems"] as? String } == ["base-corrupt (corrupt, 1 corruptions)", "missing"])
        #expect(try await text("two.qed").contains("base-corrupt (corrupt, 1 corruptions)"))
    }

    @Test func cycleEndsWhereItIsClosed() async throws {
        try addImage("a.qed", on: "b.qed")
        try addImage("b.qed", on: "a.qed")
        try addImage("top.qed", on: "a.qed")
        try addImage("self.qed", on: "self.qed")
        try await scan()
        let rows = try await section("backing_chain", of: "top.qed")
        #expect(rows.map { $0["path"] as? String } == ["a.qed", "b.qed", "a.qed"].map(path))
        // A base that is written after its overlay has changed as well.
        let problems = rows.map { ($0["problems"] as? String)?.components(separatedBy: "; ") ?? [] }
        #expect(problems.map { $0.contains("cycle (of 2 images)") } == [false, true, true])
        #expect(
            try await section("backing_chain", of: "a.qed").map { $0["path"] as? String }
                == ["b.qed", "a.qed"].map(path))
        let overlays = try await section("overlays", of: "a.qed")
        #expect(Set(overlays.compactMap { $0["path"] as? String }) == Set(["a.qed", "b.qed", "top.qed"].map(path)))
        let own = try await section("backing_chain", of: "self.qed")
        #expect(own.map { $0["problems"] as? String } == ["self"])
        #expect(try await text("self.qed").contains("\nbacking chain\n"))
    }

    @Test func aNameThatIsNoFileIsShownUnchanged() async throws {
        try addImage("net.qed", on: "nbd://host/x")
        try await scan()
        let row = try #require(try await section("backing_chain", of: "net.qed").first)
        #expect(row["name"] as? String == "nbd://host/x" && row["kind"] as? String == "protocol")
        #expect(row["path"] is NSNull && row["state"] is NSNull && row["problems"] is NSNull)
    }

    @Test func namesInHeadersCannotActOnATerminal() async throws {
        let name = "b\u{1B}[31m\u{202E}\n.qed"
        try addImage(name)
        try addImage("one.qed", on: name)
        try addImage("\u{9B}31m.qed", on: "one.qed")
        try await scan()
        let text = try await text("one.qed")
        #expect(!hasControlCharacters(text))
        #expect(text.contains("b\\x1b[31m\\xe2\\x80\\xae\\x0a.qed") && text.contains("\\xc2\\x9b31m.qed"))
        let rows = try await section("backing_chain", of: "one.qed")
        #expect(rows.map { $0["name"] as? String } == [name])
    }

    // MARK: - The pool

    private func path(_ name: String) -> String { "\(fixture.pool)/\(name)" }

    private func addImage(_ name: String, on backing: String? = nil) throws {
        var plan = ImagePlan()
        plan.clusterSize = 4096
        plan.tableSize = 1
        plan.imageSize = 4 << 20
        plan.guestClusters = .first(3)
        plan.backingFilename = backing
        try ImageWriter(plan).write(to: RawPath(path(name)))
    }

    private func scan() async throws {
        let result = try await fixture.run("scan", fixture.pool)
        try #require(result.errors == "", "\(result)")
    }

    private func text(_ name: String) async throws -> String {
        let result = try await fixture.run("show", "--no-map", path(name))
        try #require(result.status == 0, "\(result)")
        return result.output
    }

    private func section(_ section: String, of name: String) async throws -> [[String: Any]] {
        let result = try await fixture.run("show", "--no-map", "--format", "json", path(name))
        try #require(result.status == 0, "\(result)")
        let image = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
        return try #require(image?[section] as? [[String: Any]])
    }
}
