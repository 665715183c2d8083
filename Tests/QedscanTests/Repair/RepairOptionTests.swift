import Foundation
import Lab
import Store
import TestSupport
import Testing

/// The options that choose what `repair` does.
@Suite(.endsInTime) struct RepairOptionTests {
    private let fixture: ScanFixture

    init() throws { fixture = try ScanFixture() }

    @Test(arguments: [
        ([], "extend-tail, clear-invalid, clone-shared, clear-dirty"),
        (["--only", "clear-invalid"], "clear-invalid"),
        (["--only", "clear-invalid", "--also", "extend-tail"], "extend-tail, clear-invalid"),
        (["--skip", "clear-dirty"], "extend-tail, clear-invalid, clone-shared"),
        (["--skip", "clear-dirty,clone-shared"], "extend-tail, clear-invalid"),
        (["--only", "clear-dirty"], ""),
        (["--invalid", "keep"], "extend-tail, clone-shared"),
        (["--max-growth", "0"], "extend-tail, clear-invalid"),
        (["--max-growth", "4K"], "extend-tail, clear-invalid, clone-shared, clear-dirty"),
        // Not in the same run as a copy: a leaked cluster may hold the true data of a shared one.
        (["--reclaim-leaks"], "extend-tail, clear-invalid, clone-shared, clear-dirty"),
    ])
    func optionsChooseTheActions(_ options: [String], _ actions: String) async throws {
        try fixture.addDamaged()
        _ = try await fixture.scan()
        let result = try await fixture.run(["repair", "--yes", "--settle", "0s"] + options)
        let done =
            try await fixture.rows("SELECT actions FROM repair WHERE state = 'done'").first?["actions"] as? String
        let names = try done.map { try JSONDecoder().decode([String].self, from: Data($0.utf8)) } ?? []
        #expect(names.joined(separator: ", ") == actions, "\(result)")
        let isLeftCorrupt = !actions.hasPrefix("extend-tail, clear-invalid, clone-shared")
        #expect(result.status == (actions.isEmpty ? 0 : 1) | (isLeftCorrupt ? 4 : 2), "\(result)")
    }

    @Test func autoclearBitsAreClearedOnRequestOnly() async throws {
        let image = try fixture.addDamaged("disk.qed", [.field(.autoclearFeatures, 1 << 5)])
        let before = try FileState(image)
        _ = try await fixture.scan()
        _ = try await fixture.repair(image)
        #expect(try FileState(image) == before)
        #expect(try await fixture.repair("--also", "clear-autoclear", image).status == 1)
        #expect(try ImageEditor(path: image).read(.autoclearFeatures) == 0)
    }

    @Test func sharedTablesAreClonedOnRequestOnly() async throws {
        let image = try fixture.addDamaged("disk.qed", [.l1(1, 2 * 4096)])
        _ = try await fixture.scan()
        let left = try await fixture.repair(image)
        #expect(left.status == 4)
        #expect(left.output.contains("not repaired: 1: L2 tables are shared; clone-tables repairs that on request"))
        let result = try await fixture.repair("--also", "clone-tables", image)
        #expect(result.status == 1 | 2, "\(result)")
    }

    @Test(arguments: [false, true]) func leaksAreGivenBackAndKeptIfAskedFor(areSaved: Bool) async throws {
        // One leaked cluster in the middle, with data, and eight at the end that are a hole: nothing of them is lost.
        try fixture.addDamaged("disk.qed", [.l2(0, 1, 0), .length(20 * 4096)])
        let before = try fixture.directory.contents("pool/disk.qed")
        _ = try await fixture.scan()
        #expect(try await fixture.repair().status == 2)
        #expect(try fixture.directory.contents("pool/disk.qed") == before, "not unless asked for")
        let result = try await fixture.run(
            ["repair", "--yes", "--settle", "0s", "--reclaim-leaks"] + (areSaved ? ["--save-leaked"] : []))
        // The hole is no cluster in use: it stays a leak.
        #expect(result.status & ~2 == 1, "\(result)")
        #expect(result.output.contains("reclaim-leaks   32.0 KiB shorter, 4.0 KiB freed"))
        #expect(result.output.contains("cannot be undone") == !areSaved)
        #expect(result.output.contains("'qedscan undo 1'") == areSaved)
        let now = try fixture.directory.contents("pool/disk.qed")
        #expect(now.count == 12 * 4096)
        #expect(now[4 * 4096..<5 * 4096].allSatisfy { $0 == 0 })
        let undo = try await fixture.undo("1")
        #expect(undo.status == (areSaved ? 1 | 2 : 8), "\(undo)")
        #expect(try (fixture.directory.contents("pool/disk.qed") == before) == areSaved)
        if !areSaved { #expect(undo.errors.contains("the leaked clusters that it reclaimed were not saved")) }
    }
}
