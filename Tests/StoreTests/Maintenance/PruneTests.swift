import Files
import ScanModel
import Testing

@testable import QED
@testable import Repair
@testable import Store

/// Which rows a pruning takes.
@Suite struct PruneTests {
    private let fixture: StoreFixture

    init() throws { fixture = try StoreFixture() }

    @discardableResult
    private func prune(scans: Int? = nil, since: String? = nil, isDry: Bool = false) throws -> PruneCounts {
        let rule = PruneRule(keepScans: scans, keepSince: since)
        guard !isDry else { return try Pruning(rule, in: try ScanStore(reading: fixture.path)).counts }
        let store = try ScanStore(writing: fixture.path)
        let pruning = try Pruning(rule, in: store)
        try pruning.run()
        try store.close()
        #expect(try fixture.lines("PRAGMA foreign_key_check").isEmpty)
        return pruning.counts
    }

    /// Six scans of one image that is never the same, a month apart.
    private func makeSixScans() throws {
        for number in 1...6 { try fixture.scan { $0.write("/a", inode: 1, report: .corrupt(UInt64(number))) } }
        for number in 1...6 {
            try fixture.execute("UPDATE scan SET started_at = '2026-0\(number)-01 00:00:00.000' WHERE id = \(number)")
        }
    }

    private var scans: [String] {
        get throws { try fixture.lines("SELECT id FROM scan WHERE pruned_at IS NULL ORDER BY id") }
    }

    @Test func everyGivenRuleHasToAllowIt() throws {
        try makeSixScans()
        #expect(try prune(scans: 9, since: "2026-06-01 00:00:00.000").isEmpty)
        #expect(try prune(scans: 1, since: "2026-01-01 00:00:00.000").isEmpty)
        #expect(try scans.count == 6)
        let counts = try prune(scans: 3, since: "2026-03-01 00:00:00.000", isDry: true)
        #expect(try scans.count == 6)
        #expect(try prune(scans: 3, since: "2026-03-01 00:00:00.000") == counts)
        // The scan before the first kept one stays as a row; the result from before it is what was known then.
        #expect(try scans == ["3", "4", "5", "6"])
        try prune(since: "2027-01-01 00:00:00.000")
        #expect(try scans == ["6"])
        #expect(try fixture.lines("SELECT corruptions FROM check_result ORDER BY id") == ["4", "5", "6"])
        #expect(try fixture.lines("SELECT id FROM scan ORDER BY id") == ["1", "4", "5", "6"])
    }

    @Test func anInterruptedScanDoesNotCount() throws {
        try makeSixScans()
        try fixture.execute("UPDATE scan SET state = 'interrupted' WHERE id >= 5")
        try prune(scans: 1)
        #expect(try scans == ["4", "5", "6"])
    }

    @Test func theOnlyResultOfAnImageStays() throws {
        try fixture.scan { writer in
            writer.write("/a", inode: 1, report: .corrupt(1))
            writer.write("/b", inode: 2)
        }
        for _ in 0..<4 { try fixture.scan { $0.writeReused(imageID: 1, outcome: .corrupt, isDirty: false) } }
        let before = try fixture.lines("SELECT * FROM latest_check WHERE present")
        // The other one has been missing since the second scan.
        #expect(try prune(scans: 1).images == 1)
        #expect(try fixture.lines("SELECT * FROM latest_check") == before)
        #expect(try fixture.lines("SELECT path FROM image") == ["/a"])
    }

    @Test func anImageThatIsGoneForShorterStays() throws {
        try fixture.scan { writer in
            writer.write("/a", inode: 1)
            writer.write("/b", inode: 2, report: .corrupt(1))
        }
        for _ in 0..<3 { try fixture.scan { $0.writeReused(imageID: 1, outcome: .clean, isDirty: false) } }
        try prune(scans: 3)
        #expect(try fixture.lines("SELECT path FROM image ORDER BY path") == ["/a", "/b"])
        try fixture.scan { writer in
            writer.writeReused(imageID: 1, outcome: .clean, isDirty: false)
            writer.write("/b", inode: 2, report: .corrupt(1))
        }
        #expect(try fixture.lines("SELECT path, change FROM scan_change WHERE scan_id = 5") == ["/b|returned"])
    }

    @Test func hostsArePrunedEachByItself() throws {
        try makeSixScans()
        try fixture.scan(host: "other") { $0.write("/a", inode: 1) }
        try prune(scans: 2)
        #expect(try scans == ["5", "6", "7"])
    }

    // MARK: - Repairs

    /// A repair of /a, old, and what scans saw later: nil for the file as the repair left it.
    private func repairAndScan(
        _ end: RepairEnd? = .sample(report: .sample()), isUndoable: Bool = true, later record: CheckedImage?
    ) throws {
        try fixture.scan { $0.write("/a", inode: 10, report: .corrupt(1)) }
        try fixture.repair { journal throws in
            let id = try journal.prepare(.sample(RawPath("/a"), isUndoable: isUndoable), RepairWrite.samples)
            if let end { try journal.finish(id, end) }
        }
        for _ in 0..<4 {
            try fixture.scan { writer in
                if let record {
                    writer.write(record)
                } else {
                    writer.writeReused(imageID: 1, outcome: .clean, isDirty: false)
                }
            }
        }
        try fixture.execute(
            """
            UPDATE repair SET started_at = '2000-01-01 00:00:00.000',
                finished_at = iif(finished_at IS NULL, NULL, '2000-01-01 00:00:01.000')
            """)
    }

    private var repairs: [String] {
        get throws {
            try fixture.lines(
                "SELECT id, (SELECT count(*) FROM repair_write WHERE repair_id = repair.id) FROM repair ORDER BY id")
        }
    }

    private static let samples = RepairWrite.samples.count

    @Test func aRepairWhoseImageHasChangedSinceGoes() throws {
        try repairAndScan(later: CheckedImage(RawPath("/a"), .sample(), inode: 11))
        #expect(try prune(scans: 1).repairs == 1)
        #expect(try repairs.isEmpty)
        #expect(try fixture.lines("SELECT outcome, repair_id FROM check_result") == ["clean|-", "clean|-", "clean|-"])
    }

    @Test func aRepairThatCanBeUndoneStaysWithItsChecks() throws {
        try repairAndScan(later: nil)
        #expect(try prune(scans: 1).repairs == 0)
        #expect(try repairs == ["1|\(PruneTests.samples)"])
        #expect(
            try fixture.lines("SELECT outcome_before, outcome_after FROM repair_history") == ["corrupt|clean"])
        try fixture.repair { journal throws in #expect(try journal.undoable(1) == nil) }
    }

    @Test func aRepairThatHasNotEndedStays() throws {
        try repairAndScan(nil, later: CheckedImage(RawPath("/a"), .sample(), inode: 11))
        #expect(try prune(scans: 1).repairs == 0)
        #expect(try repairs == ["1|\(PruneTests.samples)"])
        #expect(try fixture.lines("SELECT check_result_before_id FROM repair") == ["1"])
    }

    @Test func aRepairOfAnImageThatIsGoneStaysIfItCouldBeUndoneWereItBack() throws {
        try fixture.scan { $0.write("/a", inode: 10, report: .corrupt(1)) }
        let after = CheckedImage(RawPath("/a"), .sample()).status.identity
        let end = RepairEnd(
            .done,
            after: ImageFingerprint(
                identity: after, header: [UInt8](repeating: 1, count: 64), metadata: [UInt8](repeating: 1, count: 32)),
            check: RepairEnd.sample(report: .sample()).check)
        try fixture.repair { journal throws in
            try journal.finish(try journal.prepare(.sample(RawPath("/a")), RepairWrite.samples), end)
        }
        for _ in 0..<4 { try fixture.scan { _ in } }
        try fixture.execute("UPDATE repair SET finished_at = '2000-01-01 00:00:01.000'")
        #expect(try prune(scans: 1).images == 0)
        #expect(try repairs.count == 1)
        // One that cannot be undone anyway goes with its image.
        try fixture.execute("UPDATE repair SET is_undoable = 0")
        let counts = try prune(scans: 1)
        #expect((counts.images, counts.repairs) == (1, 1))
        for table in ["image", "repair", "repair_write", "check_result", "image_event"] {
            #expect(try fixture.lines("SELECT 1 FROM \(table)").isEmpty, "\(table)")
        }
    }

    @Test func aRecentRepairStays() throws {
        try repairAndScan(later: CheckedImage(RawPath("/a"), .sample(), inode: 11))
        try fixture.execute("UPDATE repair SET finished_at = '9999-01-01 00:00:00.000'")
        #expect(try prune(scans: 1).repairs == 0)
    }

    @Test func overlaysForgetABaseThatIsForgotten() throws {
        try fixture.scan { writer in
            writer.write("/base", inode: 1)
            writer.write("/top", inode: 2)
        }
        try fixture.execute(
            """
            INSERT INTO backing (
                image_id, name, kind, is_raw_flag, virtual_size, inode, base_path, state, base_image_id, scan_id)
            VALUES (2, 'base', 'file', 0, 1, 2, '/base', 'missing', 1, 1)
            """)
        for _ in 0..<4 { try fixture.scan { $0.writeReused(imageID: 2, outcome: .clean, isDirty: false) } }
        #expect(try prune(scans: 1).images == 1)
        #expect(try fixture.lines("SELECT image_id, base_image_id FROM backing") == ["2|-"])
        #expect(try fixture.lines("SELECT problem FROM backing_problem") == ["missing"])
    }
}
