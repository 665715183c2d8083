import Foundation
import Lab
import Store
import TestSupport
import Testing

/// How scans and `show` present a repair.
@Suite(.endsInTime) struct ScanAfterRepairTests {
    private let fixture: ScanFixture
    private let image: String

    init() async throws {
        fixture = try ScanFixture()
        image = try fixture.addDamaged("disk.qed", [.l2(0, 1, 3 * 4096), .field(.features, 2)])
        _ = try await fixture.scan()
    }

    private func latest() async throws -> NSDictionary {
        let rows = try await fixture.rows(
            """
            SELECT l.outcome, l.dirty, l.corruptions, l.leaks, l.file_size, r.repair_id, r.id AS result
            FROM latest_check AS l JOIN check_result AS r ON r.id = l.check_result_id
            """)
        return try #require(rows.first) as NSDictionary
    }

    @Test func theRepairsOwnCheckIsTheLatestUntilAScanChecksAgain() async throws {
        #expect(try await fixture.repair().status == 1 | 2)
        let expected: NSDictionary = [
            "outcome": "leaking", "dirty": 0, "corruptions": 0, "leaks": 1, "file_size": 13 * 4096, "repair_id": 1,
            "result": 2,
        ]
        #expect(try await latest() == expected)
        #expect(try await fixture.run("report", "damaged", "--format", "csv").output.contains("disk.qed"))
        // It was checked right after it had changed: too soon for the result to be used again.
        #expect(try await fixture.scan().status == 2)
        let anew = try await latest()
        #expect(anew["outcome"] as? String == "leaking" && anew["repair_id"] is NSNull)
        try await fixture.ageImages()
        let full = try await fixture.scan("--full")
        #expect(full.status == 2)
        let checks = try await fixture.checkCount()
        let again = try await fixture.scan()
        #expect(again.status == 2)
        #expect(again.output.contains("0 examined, 1 unchanged"), "\(again.output)")
        #expect(try await fixture.checkCount() == checks)
    }

    @Test func aScanAfterAnUndoFindsTheDamageAgain() async throws {
        _ = try await fixture.repair()
        _ = try await fixture.undo("1")
        #expect(try await latest()["repair_id"] as? Int == 2)
        #expect(try await latest()["outcome"] as? String == "corrupt")
        #expect(try await fixture.scan().status == 4)
        #expect(try await fixture.repair().status == 1 | 2)
    }

    @Test func showHasTheRepairsCheckInItsHistory() async throws {
        _ = try await fixture.repair()
        let json = try await fixture.run("show", "--format", "json", image)
        let object = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: any Sendable]
        let history = try #require(object?["history"] as? [[String: any Sendable]])
        #expect(history.map { $0["outcome"] as? String } == ["leaking", "corrupt"])
        #expect(history.map { $0["dirty"] as? Int } == [0, 1])
        #expect(try await fixture.run("show", image).output.contains("leaking"))
    }
}
