import Files
import Foundation
import Lab
import QED
import Store
import TestSupport
import Testing

/// The plans of `repair`, and that it does what they say.
@Suite(.endsInTime) struct RepairPlanTests {
    private let fixture: ScanFixture

    init() throws { fixture = try ScanFixture() }

    @Test func aDryRunChangesNeitherImageNorStore() async throws {
        let image = try fixture.addDamaged()
        _ = try await fixture.scan()
        let before = try FileState(image)
        let knowledge = try ScanFixture.knowledge(of: fixture.store)
        let store = try FileState(fixture.store)
        let plan = fixture.directory.file("plan.json")
        for arguments in [["-n"], ["-n", "-q"], ["--dry-run", "--yes", image], ["-n", "--plan-out", plan]] {
            let result = try await fixture.run(["repair"] + arguments)
            #expect(result.status == 4, "\(arguments): \(result)")
            #expect(result.output.isEmpty == arguments.contains("-q"), "\(arguments): \(result)")
        }
        #expect(try FileState(image) == before)
        #expect(try FileState(fixture.store) == store, "not a byte of it is written")
        #expect(try ScanFixture.knowledge(of: fixture.store) == knowledge)
        #expect(try fixture.value("SELECT count(*) FROM repair") == .integer(0))
        #expect(try FileManager.default.contentsOfDirectory(atPath: fixture.pool) == ["disk.qed"])
    }

    private static let golden: [(edits: [ImageEdit], backing: String?, arguments: [String], text: String)] = [
        (
            ScanFixture.manyFaults, nil, [],
            """
            IMAGE: corrupt, dirty (3 corruptions, 2 leaks) -> leaking (2 leaks)
                extend-tail     extended to the end of the last cluster
                clear-invalid   1 entry
                clone-shared    1 entry, 4.0 KiB copied
                clear-dirty     header
                lost: 4.0 KiB
                    guest bytes 2109440-2113535: readable again
                    guest bytes 4096-8191: will read as zeros

            """
        ),
        (
            [.l2(0, 1, 1 << 40), .l2(0, 2, 1 << 40)], "base.img", [],
            """
            IMAGE: corrupt (2 corruptions, 2 leaks) -> leaking (2 leaks)
                clear-invalid   2 entries
                lost: 8.0 KiB
                    guest bytes 4096-12287: will come from the backing file

            """
        ),
        (
            [.l2(0, 1, 1 << 40)], "base.img", ["--invalid", "zero"],
            """
            IMAGE: corrupt (1 corruption, 1 leak) -> leaking (1 leak)
                clear-invalid   1 entry
                lost: 4.0 KiB
                    guest bytes 4096-8191: will read as zeros

            """
        ),
        (
            [.l1(1, 1 << 40)], nil, [],
            """
            IMAGE: corrupt (1 corruption, 5 leaks) -> leaking (5 leaks)
                clear-invalid   1 entry
                lost: 2.0 MiB
                    guest bytes 2097152-4194303: will read as zeros

            """
        ),
        (
            [.field(.features, 2)], nil, [],
            """
            IMAGE: clean, dirty -> clean
                clear-dirty     header
                lost: nothing

            """
        ),
        (
            [.l2(1, 3, 0)], nil, ["--reclaim-leaks"],
            """
            IMAGE: leaking (1 leak) -> clean
                reclaim-leaks   4.0 KiB freed, cannot be undone
                lost: nothing

            """
        ),
        (
            [.l2(0, 1, 1 << 40), .field(.features, 2)], nil, ["--invalid", "keep"],
            """
            IMAGE: corrupt, dirty (1 corruption, 1 leak) -> corrupt, dirty (1 corruption, 1 leak)
                not repaired: 1: invalid entries are kept, as requested
                not repaired: 1: the dirty bit stays set while something is wrong

            """
        ),
    ]

    @Test(arguments: golden.indices) func planIsAsWrittenDown(number: Int) async throws {
        let (edits, backing, arguments, text) = RepairPlanTests.golden[number]
        let image = try fixture.addDamaged("disk.qed", edits, backing: backing)
        _ = try await fixture.scan()
        let result = try await fixture.run(["repair", "-n"] + arguments)
        #expect(result.output == text.replacingOccurrences(of: "IMAGE", with: image))
        #expect(result.errors == "")
    }

    @Test func planFileTellsWhatTheRepairThenDoes() async throws {
        let image = try fixture.addDamaged("a.qed")
        try fixture.addDamaged("b.qed", [.l1(1, 1 << 40), .l2(0, 3, 5)], backing: "base.img")
        try fixture.addDamaged("c.qed", [.l2(1, 0, 8), .l2(1, 2, 8)])
        _ = try await fixture.scan()
        let file = fixture.directory.file("plan.json")
        let result = try await fixture.repair("--plan-out", file)
        #expect(result.status == 1 | 2)
        let plan = try object(file)
        #expect(plan["store"] as? String == fixture.store)
        let images = try #require(plan["images"] as? [[String: any Sendable]])
        #expect(images.map { $0["path"] as? String } == ["a", "b", "c"].map { "\(fixture.pool)/\($0).qed" })
        for planned in images {
            let path = try #require(planned["path"] as? String)
            #expect(planned["refusal"] == nil)
            try await expect(planned, isWhatWasDoneTo: path)
            let text = try block(of: path, in: result.output)
            for action in try #require(planned["actions"] as? [[String: any Sendable]]) {
                let name = try #require(action["action"] as? String)
                #expect(text.contains("    \(name) "))
            }
            let effects = try #require(planned["effects"] as? [[String: any Sendable]])
            for effect in effects {
                let start = try #require(effect["guest_offset"] as? Int)
                let end = start + (try #require(effect["guest_length"] as? Int)) - 1
                #expect(text.contains("guest bytes \(start)-\(end): "))
            }
        }
        #expect(
            try FileManager.default.attributesOfItem(atPath: image)[.size] as? Int == images[0]["size_after"] as? Int)
    }

    @Test func refusalsAreInThePlanFile() async throws {
        let image = try fixture.addDamaged()
        _ = try await fixture.scan()
        try ImageEditor(path: image).write([9], at: 11 * 4096)
        let file = fixture.directory.file("plan.json")
        let result = try await fixture.run("repair", "-n", "--plan-out", file)
        #expect(result.status == 4 | 8)
        #expect(
            result.output
                == "\(image): not repaired: it has changed since it was scanned (test: unchanged); scan it again\n")
        let images = try #require(try object(file)["images"] as? [[String: any Sendable]])
        let refusal = try #require(images.first?["refusal"] as? [String: any Sendable])
        #expect(refusal["test"] as? String == "unchanged")
        #expect(refusal["advice"] as? String == "scan it again")
    }

    /// A slip on the command line must not cost an image, nor the store.
    @Test func aPlanReplacesOnlyAPlan() async throws {
        let image = try fixture.addDamaged()
        _ = try await fixture.scan()
        for path in [image, fixture.store] {
            let before = try FileState(path)
            let result = try await fixture.run("repair", "-n", "--plan-out", path)
            #expect(result.status == 8 && result.errors.contains("exists and is not a plan"), "\(result)")
            #expect(try FileState(path) == before)
        }
        let file = fixture.directory.file("plan.json")
        for _ in 1...2 { #expect(try await fixture.run("repair", "-n", "--plan-out", file).status == 4) }
    }

    @Test func anImageNamedTwiceIsRepairedOnce() async throws {
        let image = try fixture.addDamaged()
        _ = try await fixture.scan()
        let result = try await fixture.repair(image, "\(fixture.pool)/./disk.qed")
        #expect(result.status == 1 | 2, "\(result)")
        #expect(result.output.contains("1 repaired\n"))
    }

    @Test func hostileNamesReachNoTerminalRawAndThePlanFileExactly() async throws {
        let names: [[UInt8]] = [
            Array("line\nbreak.qed".utf8), Array("escape \u{1B}[31m.qed".utf8), Array("quote \" \\.qed".utf8),
            Array("bad ".utf8) + [0xFF, 0xFE] + Array(".qed".utf8), Array("-rf.qed".utf8),
        ]
        for name in names { try fixture.write(RawPath(fixture.pool).appending(name), ScanFixture.manyFaults) }
        _ = try await fixture.scan()
        let file = fixture.directory.file("plan.json")
        var results = [try await fixture.run("repair", "-n")]
        results.append(try await fixture.repair("--plan-out", file))
        #expect(results[1].status == 1 | 2, "\(results[1])")
        #expect(results[1].output.contains("\(names.count) repaired\n"))
        results.append(try await fixture.run("repair", "--list"))
        results.append(try await fixture.run("report", "repairs"))
        results.append(try await fixture.run("undo", "-n", "1", "2", "3", "4", "5"))
        results.append(try await fixture.undo("1", "2", "3", "4", "5"))
        #expect(results[5].status == 1 | 4, "\(results[5])")
        results.append(try await fixture.run("repair", "-n", "no\u{1B}\nsuch"))
        for result in results {
            #expect(!hasControlCharacters(result.output), "\(result.output.debugDescription)")
            #expect(!hasControlCharacters(result.errors), "\(result.errors.debugDescription)")
        }
        let images = try #require(try object(file)["images"] as? [[String: any Sendable]])
        let found = Set(
            images.map { image in
                (image["path_bytes"] as? String ?? "").isEmpty ? image["path"] as? String ?? "" : "bytes"
            })
        let pool = fixture.pool
        let expected = names.map { String(validating: $0, as: UTF8.self).map { "\(pool)/\($0)" } ?? "bytes" }
        #expect(found == Set(expected))
    }

    // MARK: - Parts

    private func object(_ file: String) throws -> [String: any Sendable] {
        let json = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: file)))
        return try #require(json as? [String: any Sendable])
    }

    /// The lines about an image: its own and those below it.
    private func block(of path: String, in output: String) throws -> String {
        let lines = output.split(separator: "\n")
        let start = try #require(lines.firstIndex { $0.hasPrefix("\(path): ") })
        return lines[start...].prefix(1).joined() + "\n"
            + lines[(start + 1)...].prefix { $0.hasPrefix("    ") }.joined(separator: "\n")
    }

    private func expect(_ planned: [String: any Sendable], isWhatWasDoneTo path: String) async throws {
        let done = try #require(try await fixture.rows("SELECT * FROM repair_history WHERE path = '\(path)'").first)
        #expect(done["state"] as? String == "done")
        for (side, suffix) in [("before", "_before"), ("after", "_after")] {
            let state = try #require(planned[side] as? [String: any Sendable])
            #expect(state["outcome"] as? String == done["outcome" + suffix] as? String)
            #expect(state["corruptions"] as? Int == done["corruptions" + suffix] as? Int)
            #expect(state["leaks"] as? Int == done["leaks" + suffix] as? Int)
            #expect(planned["size" + suffix] as? Int == done["size" + suffix] as? Int)
        }
        let actions = try #require(planned["actions"] as? [[String: any Sendable]])
        #expect(actions.reduce(0) { $0 + ($1["entries"] as? Int ?? 0) } == done["changed_entries"] as? Int)
        #expect(actions.reduce(0) { $0 + ($1["copied_bytes"] as? Int ?? 0) } == done["copied_bytes"] as? Int)
        let id = try #require(done["repair_id"] as? Int)
        let effects = try #require(planned["effects"] as? [[String: any Sendable]])
        let stored = try await fixture.rows(
            """
            SELECT kind, action, guest_offset, guest_length FROM repair_effect WHERE repair_id = \(id) ORDER BY number
            """)
        #expect(effects.map { $0 as NSDictionary } == stored.map { $0 as NSDictionary })
        let lost = effects.filter { $0["kind"] as? String != "readable" }
        #expect(lost.reduce(0) { $0 + ($1["guest_length"] as? Int ?? 0) } == done["lost_bytes"] as? Int)
    }
}
