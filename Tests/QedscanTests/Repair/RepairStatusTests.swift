import Foundation
import Glibc
import Lab
import Store
import TestSupport
import Testing

/// The exit status of `repair`, what it refuses, and its messages.
@Suite(.endsInTime) struct RepairStatusTests {
    private let fixture: ScanFixture

    init() throws { fixture = try ScanFixture() }

    @Test(
        arguments: [
            (nil, [], 0), (.field(.features, 2), [], 1), (.l2(0, 1, 1 << 40), [], 3), (.length(20 * 4096), [], 2),
            (.length(20 * 4096), ["--reclaim-leaks"], 1), (.l1(1, 4096), [], 4), (.field(.clusterSize, 5), [], 8),
            (.l2(0, 1, 1 << 40), ["--invalid", "keep"], 4), (.l2(0, 1, 3 * 4096), ["--max-growth", "0"], 4),
        ] as [(ImageEdit?, [String], Int32)])
    func theStatusHasABitForEachOutcome(edit: ImageEdit?, arguments: [String], status: Int32) async throws {
        let image = try fixture.addDamaged("disk.qed", edit.map { [$0] } ?? [])
        _ = try await fixture.scan()
        let result = try await fixture.run(["repair", "--yes", "--settle", "0s"] + arguments + [image])
        #expect(result.status == status, "\(result)")
    }

    @Test func whatStaysCorruptIsAddedToWhatIsRepaired() async throws {
        // One table for both L1 entries: left alone. The dirty bit stays.
        try fixture.addDamaged("disk.qed", [.l2(0, 1, 1 << 40), .l1(1, 8192), .field(.features, 2)])
        _ = try await fixture.scan()
        let result = try await fixture.repair()
        #expect(result.status == 1 | 4, "\(result)")
        #expect(result.output.contains("not repaired: "))
    }

    @Test func withoutDamageThereIsNothingToDo() async throws {
        try fixture.addDamaged("disk.qed", [])
        _ = try await fixture.scan()
        let result = try await fixture.repair()
        #expect((result.status, result.output) == (0, "nothing to repair\n"))
        let quiet = try await fixture.repair("-q")
        #expect((quiet.status, quiet.output, quiet.errors) == (0, "", ""))
        let named = try await fixture.repair("-q", "\(fixture.pool)/disk.qed")
        #expect((named.status, named.output, named.errors) == (0, "", ""))
        #expect(try fixture.value("SELECT count(*) FROM repair") == .integer(0))
    }

    @Test func unknownImagesAreErrorsAndTheOthersAreRepaired() async throws {
        let image = try fixture.addDamaged()
        _ = try await fixture.scan()
        let result = try await fixture.repair("\(fixture.pool)/none.qed", image)
        #expect(result.status == 1 | 2 | 8)
        #expect(result.errors.contains("none.qed: the store has no such image; scan it first"))
        let only = try await fixture.repair("\(fixture.pool)/none.qed")
        #expect((only.status, only.output) == (8, ""), "'nothing to repair' would be wrong")
    }

    @Test func imagesThatAreGoneChangedOrLinkedAreRefusedAndOthersGoOn() async throws {
        let names = ["changed", "gone", "good", "linked", "replaced"]
        for name in names { try fixture.addDamaged("\(name).qed") }
        link("\(fixture.pool)/linked.qed", fixture.directory.file("other-name"))
        _ = try await fixture.scan()
        try ImageEditor(path: "\(fixture.pool)/changed.qed").write([9], at: 11 * 4096)
        unlink("\(fixture.pool)/gone.qed")
        rename("\(fixture.pool)/replaced.qed", fixture.directory.file("old"))
        try fixture.addDamaged("replaced.qed")
        let states = try ["changed", "linked", "replaced"].map { try FileState("\(fixture.pool)/\($0).qed") }
        let result = try await fixture.repair()
        #expect(result.status == 1 | 2 | 4 | 8, "\(result)")
        let text = result.output + result.errors
        for (name, test) in [
            ("changed", "unchanged"), ("gone", "open"), ("linked", "hard-links"), ("replaced", "unchanged"),
        ] {
            let line = text.split(separator: "\n").last { $0.contains("/\(name).qed: ") }
            #expect(line?.contains("(test: \(test))") == true, "\(name): \(result)")
        }
        #expect(result.output.contains("good.qed: repair 1: "))
        #expect(result.output.contains("1 repaired, 4 not repaired, see above\n"))
        #expect(try ["changed", "linked", "replaced"].map { try FileState("\(fixture.pool)/\($0).qed") } == states)
        let linked = try await fixture.repair("--hard-links", "\(fixture.pool)/linked.qed")
        #expect(linked.status == 1 | 2, "\(linked)")
    }

    @Test func withoutATerminalItAsksForYes() async throws {
        try fixture.addDamaged()
        _ = try await fixture.scan()
        for arguments in [["repair"], ["repair", "--only", "clear-dirty"], ["undo", "1"]] {
            let result = try await fixture.run(arguments)
            #expect(result.status == 16 && result.output == "", "\(result)")
            #expect(result.errors.contains("cannot ask for confirmation without a terminal: add --yes or --dry-run"))
        }
    }

    @Test(arguments: [
        ["repair", "-n", "--only", "clear-dirt"], ["repair", "-n", "--invalid", "drop"],
        ["repair", "-n", "--save-leaked"], ["repair", "-n", "--max-growth", "big"],
        ["repair", "-n", "--settle", "now"],
        ["undo", "-n"], ["undo", "-n", "abc"], ["undo", "-n", "-5"], ["undo", "-n", "--", "-5"], ["undo", "-n", "0"],
        ["undo", "-n", "99999999999999999999"], ["undo", "-n", "1.5"], ["undo", "-n", ""],
    ])
    func wrongCommandLinesGive16(_ arguments: [String]) async throws {
        let result = try await fixture.run(arguments)
        #expect(result.status == 16 && result.output == "", "\(result)")
        #expect(result.errors.hasPrefix("qedscan"))
        #expect(!FileManager.default.fileExists(atPath: fixture.store))
    }

    @Test func withoutAStoreNothingIsMade() async throws {
        for arguments in [["repair", "--yes"], ["repair", "-n"], ["repair", "--list"], ["undo", "--yes", "1"]] {
            let result = try await fixture.run(arguments)
            #expect(result.status == 8 && result.output == "", "\(arguments): \(result)")
            #expect(result.errors.contains(fixture.store))
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: fixture.directory.path) == ["pool"])
    }

    @Test(.enabled(if: Strace.isPossible, "strace cannot trace here"))
    func aSecondRepairWritesNothing() async throws {
        let image = try fixture.addDamaged()
        _ = try await fixture.scan()
        #expect(try await fixture.repair().status == 1 | 2)
        let before = try FileState(image)
        let strace = try #require(Strace(fixture.tool, on: [image], environment: fixture.environment))
        let calls = ["pread64", "pwrite64", "fdatasync", "fsync", "ftruncate", "fallocate"]
        let (result, counts) = try await strace.count(calls, ["repair", "--yes", "--settle", "0s"])
        #expect(result.status == 2)
        #expect(Array(counts.keys) == ["pread64"])
        #expect(try FileState(image) == before)
        #expect(try fixture.value("SELECT count(*) FROM repair") == .integer(1))
    }

    @Test func listAndReportShowRepairs() async throws {
        try fixture.addDamaged()
        _ = try await fixture.scan()
        let none = try await fixture.run("repair", "--list", "--format", "json")
        #expect((none.status, none.output) == (0, "[]\n"))
        _ = try await fixture.repair()
        _ = try await fixture.undo("1")
        let list = try await fixture.run("repair", "--list", "--format", "json")
        let rows = try #require(
            try JSONSerialization.jsonObject(with: Data(list.output.utf8)) as? [[String: any Sendable]])
        #expect(rows.map { $0["repair_id"] as? Int } == [2, 1])
        #expect(rows.map { $0["undone_by"] as? Int } == [nil, 2])
        #expect(rows.map { $0["undoes"] as? Int } == [1, nil])
        #expect(rows.map { $0["outcome_after"] as? String } == ["corrupt", "leaking"])
        let report = try await fixture.run("report", "repairs", "--format", "json")
        #expect(report.output == list.output)
    }
}
