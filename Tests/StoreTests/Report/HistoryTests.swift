import Files
import ScanModel
import Testing

@testable import QED
@testable import Repair
@testable import Store

/// How images change from scan to scan.
@Suite struct HistoryTests {
    private let fixture: StoreFixture

    init() throws { fixture = try StoreFixture() }

    private func changes(_ scan: Int) throws -> [String] {
        try fixture.lines(
            """
            SELECT previous_scan_id, path, change, old_path, outcome_before, outcome_after FROM scan_change
            WHERE scan_id = \(scan) ORDER BY path
            """)
    }

    @Test func everyChangeIsDistinguished() throws {
        try fixture.scan { writer in
            writer.write("/healed", inode: 1, report: .corrupt(1))
            writer.write("/hurt", inode: 2)
            writer.write("/leaks", inode: 3)
            writer.write("/more", inode: 4, report: .corrupt(1))
            writer.write("/better", inode: 5, report: .corrupt(2))
            writer.write("/same", inode: 6, report: .corrupt(2))
            writer.write("/reused", inode: 7, report: .corrupt(2))
            writer.write("/gone", inode: 8, born: 70)
            writer.write("/old", inode: 9, born: 90)
        }
        try fixture.scan { writer in
            writer.write("/healed", inode: 1)
            writer.write("/hurt", inode: 2, report: .corrupt(1))
            writer.write("/leaks", inode: 3, report: .corrupt(0, leaks: 2))
            writer.write("/more", inode: 4, report: .corrupt(2))
            writer.write("/better", inode: 5, report: .corrupt(1))
            writer.write("/same", inode: 6, report: .corrupt(2))
            writer.writeReused(imageID: 7, outcome: .corrupt, isDirty: false)
            writer.write("/new", inode: 8, born: 80, report: .corrupt(4))
            writer.write("/moved", inode: 9, born: 90)
        }
        #expect(
            try changes(2) == [
                "1|/better|changed|-|corrupt|corrupt", "1|/gone|vanished|-|clean|-",
                "1|/healed|healed|-|corrupt|clean", "1|/hurt|newly-damaged|-|clean|corrupt",
                "1|/leaks|newly-damaged|-|clean|leaking", "1|/more|worse|-|corrupt|corrupt",
                "1|/moved|moved|/old|clean|clean", "1|/new|new|-|-|corrupt",
            ])
        #expect(try changes(1).allSatisfy { $0.hasPrefix("-|") && $0.contains("|new|-|-|") })
        #expect(try changes(1).count == 9)
    }

    @Test func anotherFileWithTheInodeOfOneThatIsGoneHasNotMoved() throws {
        try fixture.scan { writer in
            writer.write("/a", inode: 1, born: 10)
            writer.write("/b", inode: 2, born: nil)
            writer.write("/c", inode: 3, born: nil)
        }
        try fixture.scan { writer in
            writer.write("/new-a", inode: 1, born: 11)
            writer.write("/new-b", inode: 2, born: 5)
            let record = CheckedImage(RawPath("/new-c"), .sample(), inode: 3, fileSize: 21 << 16)
            writer.write(record)
        }
        #expect(
            try fixture.lines("SELECT path, change, old_path FROM scan_change WHERE scan_id = 2 ORDER BY path")
                == ["/a|vanished|-", "/c|vanished|-", "/new-a|new|-", "/new-b|moved|/b", "/new-c|new|-"])
    }

    @Test func whatReturnedKeepsItsHistory() throws {
        try fixture.scan { writer in
            for inode in UInt64(1)...3 { writer.write("/\(inode)", inode: inode) }
        }
        try fixture.scan { $0.writeReused(imageID: 1, outcome: .clean, isDirty: false) }
        try fixture.scan { _ in }
        try fixture.scan { writer in
            writer.writeReused(imageID: 1, outcome: .clean, isDirty: false)
            writer.write("/2", inode: 2, report: .corrupt(1))
        }
        #expect(
            try fixture.lines("SELECT scan_id, image_id, event FROM image_event ORDER BY scan_id, image_id") == [
                "2|2|vanished", "2|3|vanished", "3|1|vanished", "4|1|returned", "4|2|returned",
            ])
        #expect(try changes(4) == ["3|/1|returned|-|clean|clean", "3|/2|returned|-|clean|corrupt"])
        #expect(try fixture.lines("SELECT path FROM image WHERE missing_since_scan_id IS NOT NULL") == ["/3"])
    }

    @Test func aMoveThereAndBackIsAMoveEachTime() throws {
        for path in ["/a", "/b", "/a", "/b"] { try fixture.scan { $0.write(path, inode: 1, born: 10) } }
        let sql = "SELECT scan_id, path, change, old_path FROM scan_change ORDER BY scan_id"
        #expect(try fixture.lines(sql) == ["1|/a|new|-", "2|/b|moved|/a", "3|/a|moved|/b", "4|/b|moved|/a"])
    }

    @Test func aMoveThatAnInterruptedScanSawIsFoundByTheNext() throws {
        try fixture.scan { $0.write("/a", inode: 1, born: 10) }
        try fixture.scan(isInterrupted: true) { $0.write("/b", inode: 1, born: 10) }
        try fixture.scan { $0.writeReused(imageID: 2, outcome: .clean, isDirty: false) }
        #expect(try changes(3) == ["2|/b|moved|/a|clean|clean"])
    }

    @Test func anImageInUseSaysNothing() throws {
        try fixture.scan { writer in
            writer.write("/a", inode: 1, report: .corrupt(1))
            writer.write("/b", inode: 2)
        }
        try fixture.scan { writer in
            writer.write("/a", inode: 1, report: nil)
            writer.write("/b", inode: 2, report: nil)
        }
        #expect(try changes(2).isEmpty)
        try fixture.scan { writer in
            writer.write("/a", inode: 1, report: .corrupt(1))
            writer.write("/b", inode: 2, report: .corrupt(1))
        }
        #expect(
            try fixture.lines("SELECT path, change FROM scan_change WHERE scan_id = 3") == ["/b|newly-damaged"])
    }

    @Test func aRepairIsNotTakenForAScan() throws {
        let path = RawPath("/a")
        try fixture.scan { $0.write("/a", inode: 10, report: .corrupt(2)) }
        try fixture.repair { journal throws in
            let id = try journal.prepare(.sample(path, actions: [.clearInvalid]), [])
            try journal.finish(id, .sample(after: .sample(2), report: .sample()))
        }
        #expect(try changes(1) == ["-|/a|new|-|-|corrupt"])
        try fixture.scan { $0.writeReused(imageID: 1, outcome: .clean, isDirty: false) }
        #expect(try changes(2) == ["1|/a|healed|-|corrupt|clean"])
        try fixture.scan { $0.write("/a", inode: 10, report: .corrupt(1)) }
        #expect(try changes(3) == ["2|/a|newly-damaged|-|clean|corrupt"])
        #expect(
            try fixture.lines(
                """
                SELECT source, scan_id, repair_id, outcome_before, outcome, corruptions_before, corruptions
                FROM image_history WHERE image_id = 1 ORDER BY check_result_id
                """) == [
                    "scan|1|-|-|corrupt|-|2", "repair|-|1|corrupt|clean|2|0", "scan|3|-|clean|corrupt|0|1",
                ])
    }

    @Test func scansOfOtherHostsAreNoneBefore() throws {
        try fixture.scan { $0.write("/a", inode: 1) }
        try fixture.scan(host: "other") { $0.write("/a", inode: 1) }
        try fixture.scan { $0.write("/a", inode: 1, report: .corrupt(1)) }
        #expect(try changes(2) == ["-|/a|new|-|-|clean"])
        #expect(try changes(3) == ["1|/a|newly-damaged|-|clean|corrupt"])
    }
}
