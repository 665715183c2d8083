import Files
import Foundation
import Lab
import SQLite
import ScanModel
import TestSupport
import Testing

@testable import QED
@testable import Repair
@testable import Store

/// The faults that are found in an incomplete store.
@Suite struct StoreCheckTests {
    private let fixture: StoreFixture

    init() throws {
        fixture = try StoreFixture()
        try fixture.scan { writer in
            for number in 0..<50 { writer.write(CheckedImage(RawPath("/pool/\(number)"), .sample())) }
        }
        try fixture.repair { try $0.make(RawPath("/pool/1"), [RepairWrite.samples[0]]) }
    }

    private var faults: [String] { StoreCheck(ofStoreAt: fixture.path).faults }

    @Test func aSoundStoreHasNoFault() { #expect(faults.isEmpty) }

    /// It has recorded that it saw some images, and fails before it records that they are back.
    @Test func aScanThatFailsAtItsEndLeavesNoFault() throws {
        try fixture.scan { _ in }
        let missing = "SELECT count(*) FROM image WHERE missing_since_scan_id IS NOT NULL"
        #expect(try fixture.line(missing) == "50")
        try fixture.execute(
            """
            CREATE TRIGGER full BEFORE UPDATE OF state ON scan WHEN NEW.state = 'completed'
            BEGIN SELECT RAISE(ABORT, 'no space left'); END
            """)
        #expect(throws: StoreError.self) {
            try fixture.scan { writer in
                for imageID in 1...5 as ClosedRange<Int64> {
                    writer.writeReused(imageID: imageID, outcome: .clean, isDirty: false)
                }
            }
        }
        try fixture.execute("DROP TRIGGER full")
        #expect(try fixture.line("SELECT state FROM scan ORDER BY id DESC LIMIT 1") == "failed")
        #expect(faults.isEmpty, "\(faults)")
        #expect(try fixture.line(missing) == "45")
    }

    @Test(arguments: [
        ("UPDATE check_result SET outcome = 'corrupt' WHERE id = 3", "check_result 3: its outcome contradicts"),
        ("UPDATE check_result SET outcome = 'leaking', leaks = 2 WHERE id = 4", "do not add up to its leaks"),
        ("UPDATE scan SET clean = 49", "scan 1: its outcomes do not add up"),
        ("UPDATE scan SET path_errors = 1", "scan 1: it counted a different number of path errors"),
        ("UPDATE scan SET reused = 1", "scan 1: it has more results than images that it checked"),
        ("UPDATE image SET missing_since_scan_id = 1 WHERE id = 2", "image 2: its scans are not in order"),
        ("UPDATE repair_write SET number = 2", "repair 1: its journal lacks a write"),
        ("UPDATE repair SET check_result_before_id = 7", "repair 1: it belongs to another image"),
        ("DROP VIEW latest_check", "schema: view latest_check is missing"),
        ("DROP INDEX image_by_file", "schema: index image_by_file is missing"),
        ("CREATE TABLE mine (a)", "schema: table mine is not one of qedscan's"),
        ("DROP VIEW backing_link; CREATE VIEW backing_link AS SELECT 1", "view backing_link is not as the migrations"),
        ("PRAGMA foreign_keys = OFF; DELETE FROM image WHERE id = 9", "foreign keys: 1 of table check_result refer"),
        ("DELETE FROM schema_migration WHERE version = 3", "damaged history"),
        ("UPDATE schema_migration SET sql = 'x' WHERE version = 2", "differs from this program's"),
    ]) func everyFaultIsReported(sql: String, fault: String) throws {
        try fixture.execute(sql)
        #expect(faults.contains { $0.contains(fault) }, "\(faults)")
    }

    /// As a bit flipped on the disk makes of a word.
    private func setAForbiddenValue() throws {
        let sql = "UPDATE finding_kind SET severity = 'notyce' WHERE severity = 'notice'"
        try fixture.execute("PRAGMA ignore_check_constraints = ON; \(sql)")
    }

    @Test func aValueThatTheTableForbidsIsFound() throws {
        try setAForbiddenValue()
        let check = StoreCheck(ofStoreAt: fixture.path)
        #expect(check.seesConstraints)
        #expect(check.faults == ["integrity: CHECK constraint failed in finding_kind"])
    }

    /// SQLite leaves the constraints out of the schema there.
    @Test(.enabled(if: MountedFileSystem.isAvailable, "needs root, to mount a file system"))
    func whereTheStoreMayOnlyBeReadConstraintsAreNotSeen() throws {
        let disk = try MountedFileSystem(size: "8m")
        try setAForbiddenValue()
        let copy = disk.directory.file("store.db")
        try FileManager.default.copyItem(atPath: fixture.path, toPath: copy)
        try disk.makeReadOnly()
        let check = StoreCheck(ofStoreAt: copy)
        #expect(!check.seesConstraints)
        #expect(check.faults.isEmpty, "\(check.faults)")
    }

    @Test func nothingIsWrittenNorBroughtInFromTheLog() throws {
        let database = try Database(path: fixture.path, mode: .readWrite)
        #expect(try database.setJournalMode(.wal) == .wal)
        try database.setCheckpointsOnClose(false)
        try database.execute("UPDATE scan SET version = 'another'")
        try database.close()
        func bytes() throws -> [Data] {
            try ["", "-wal"].map { try Data(contentsOf: URL(filePath: fixture.path + $0)) }
        }
        let before = try bytes()
        #expect(before[1].count > 4096)
        #expect(faults.isEmpty, "\(faults)")
        #expect(try bytes() == before)
        #expect(try fixture.line("SELECT version FROM scan") == "another")
    }

    @Test func aDamagedFileGivesFaultsAndNoCrash() throws {
        let sound = try Data(contentsOf: URL(filePath: fixture.path))
        let seed = Seed.next("StoreCheckTests")
        var random = SeededRandom(seed: seed)
        func check(_ bytes: Data, _ what: String) throws -> [String] {
            try bytes.write(to: URL(filePath: fixture.path))
            let found = faults
            #expect(found.allSatisfy { !$0.contains("\n") && !$0.isEmpty }, "\(what), seed \(seed)")
            return found
        }
        for length in [0, 1, 99, 100, 511, 4096, 5000, sound.count / 2, sound.count - 1, sound.count - 4096] {
            #expect(try !check(sound.prefix(length), "cut to \(length)").isEmpty, "cut to \(length)")
        }
        var detected = 0
        for round in 0..<120 {
            var bytes = sound
            for _ in 0..<(1 + Int(random.next() % 16)) {
                bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
            }
            if try !check(bytes, "round \(round)").isEmpty { detected += 1 }
        }
        // Much of a page is text, in which another letter is as good.
        #expect(detected > 20, "seed \(seed)")
        for page in stride(from: 4096, to: sound.count, by: 4096) {
            var bytes = sound
            bytes.replaceSubrange(
                page..<min(page + 4096, sound.count), with: Data(repeating: 0xA5, count: min(4096, sound.count - page)))
            #expect(try !check(bytes, "page at \(page)").isEmpty, "page at \(page)")
        }
    }
}
