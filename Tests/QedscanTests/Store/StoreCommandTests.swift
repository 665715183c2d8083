import Corpus
import Foundation
import Glibc
import Lab
import SQLite
import Store
import TestSupport
import Testing

/// `store prune|verify|backup|migrate`, and `scan --only-changes`.
@Suite(.endsInTime) struct StoreCommandTests {
    private let fixture: ScanFixture

    init() throws { fixture = try ScanFixture() }

    @Test func everyCommandReportsAMissingStore() async throws {
        for arguments in [
            ["prune", "--keep-scans", "1"], ["verify"], ["backup", fixture.directory.file("b")], ["migrate"],
        ] {
            let result = try await fixture.run(["store"] + arguments)
            #expect(result.status == 8, "\(result)")
            #expect(result.errors.contains("'qedscan scan PATH' creates the store"))
        }
        #expect(!FileManager.default.fileExists(atPath: fixture.store))
    }

    @Test func pruneNeedsARule() async throws {
        _ = try await fixture.scan()
        for arguments in [[], ["--keep-scans", "0"], ["--keep-days", "-1"], ["--keep-days", "x"]] {
            #expect(try await fixture.run(["store", "prune"] + arguments).status == 16)
        }
        #expect(try await fixture.run("store").status == 16)
    }

    @Test func pruneRemovesWhatItListed() async throws {
        try fixture.addDamaged()
        for _ in 0..<4 { _ = try await fixture.scan("--full") }
        let plan = try await fixture.run("store", "prune", "--keep-scans", "1", "-n")
        #expect(plan.output.contains("would remove: 0 scans, 1 results with "), "\(plan)")
        #expect(try fixture.value("SELECT count(*) FROM check_result") == .integer(4))
        let result = try await fixture.run("store", "prune", "--keep-scans", "1")
        #expect(result.status == 0, "\(result)")
        #expect(result.output.contains("removed: 0 scans, 1 results with "))
        #expect(result.output.contains("bytes"))
        #expect(try fixture.value("SELECT count(*) FROM check_result") == .integer(3))
        #expect(try await fixture.run("store", "prune", "--keep-scans", "1").output.contains("nothing to remove"))
        #expect(try await fixture.run("store", "prune", "--keep-days", "30").output.contains("nothing to remove"))
        #expect(try await fixture.run("store", "verify").status == 0)
    }

    @Test func verifySaysWhichRepairsCanBeUndone() async throws {
        let image = try fixture.addDamaged()
        _ = try await fixture.scan()
        #expect(try await fixture.repair("--only", "clear-invalid").status == 1 | 4)
        #expect(try await fixture.repair().status == 1 | 2)
        let before = try FileState(image)
        let result = try await fixture.run("store", "verify", "-v")
        #expect(result.status == 0, "\(result)")
        #expect(result.output.contains("repair 2 of \(image): can be undone"))
        #expect(result.output.contains("repair 1 of \(image): cannot be undone: the newer repair 2"))
        #expect(result.output.contains("is sound"))
        #expect(try FileState(image) == before)

        // A guest has written in place.
        let handle = try FileHandle(forUpdating: URL(filePath: image))
        try handle.seek(toOffset: 3 * 4096)
        try handle.write(contentsOf: Data("guest".utf8))
        try handle.close()
        let changed = try await fixture.run("store", "verify")
        #expect(changed.status == 0 && changed.output.contains("cannot be undone: the image has changed"), "\(changed)")
        try FileManager.default.removeItem(atPath: image)
        let gone = try await fixture.run("store", "verify")
        #expect(gone.status == 0 && gone.output.contains("cannot be read"), "\(gone)")
        #expect(try await fixture.run("store", "verify", "-q").output.isEmpty)
    }

    @Test func verifyFindsAJournalThatDoesNotFitTheImage() async throws {
        try fixture.addDamaged()
        _ = try await fixture.scan()
        #expect(try await fixture.repair().status == 1 | 2)
        let database = try Database(path: fixture.store, mode: .readWrite)
        // Into a data cluster.
        try database.execute("UPDATE repair_write SET file_offset = 16384 WHERE phase = 'pointer'")
        try database.close()
        let result = try await fixture.run("store", "verify")
        #expect(result.status == 8, "\(result)")
        #expect(result.errors.contains("the journal is damaged"))
    }

    @Test func verifyOfADamagedFileSaysWhatIsWrong() async throws {
        _ = try await fixture.scan()
        let bytes = try fixture.directory.contents("store.db")
        for length in [0, 50, 4096, bytes.count / 2] {
            try bytes.prefix(length).write(to: URL(filePath: fixture.store))
            let result = try await fixture.run("store", "verify")
            #expect(result.status == 8 && result.errors.contains("qedscan: "), "\(length): \(result)")
        }
        try Data("no database at all, but text".utf8).write(to: URL(filePath: fixture.store))
        #expect(try await fixture.run("store", "verify").errors.contains("is not a SQLite database"))
    }

    @Test func backupIsAStore() async throws {
        try fixture.addDamaged()
        _ = try await fixture.scan()
        let copy = fixture.directory.file("copy.db")
        #expect(try await fixture.run("store", "backup", copy).status == 0)
        #expect(try ScanFixture.knowledge(of: copy) == ScanFixture.knowledge(of: fixture.store))
        let again = try await fixture.run("store", "backup", copy)
        #expect(again.status == 8 && again.errors.contains("it already exists"), "\(again)")
        #expect(try await fixture.run("store", "backup", "--force", "-q", copy).output.isEmpty)
    }

    @Test func migrateSaysFromWhereToWhere() async throws {
        let dump = try Data(contentsOf: Checkout.url("Tests/StoreTests/Stores/version-2.sql"))
        let database = try Database(path: fixture.store, mode: .create)
        try database.execute(String(decoding: dump, as: UTF8.self))
        try database.close()
        let before = try fixture.directory.contents("store.db")
        let plan = try await fixture.run("store", "migrate", "-n")
        #expect(plan.status == 0 && plan.output.contains("would migrate from version 2 to "), "\(plan)")
        #expect(try fixture.directory.contents("store.db") == before)
        #expect(try await fixture.run("store", "verify").status == 8)
        let copy = fixture.directory.file("old.db")
        let result = try await fixture.run("store", "migrate", "--backup", copy)
        #expect(result.status == 0 && result.output.contains("0003_add_backing_and_history"), "\(result)")
        #expect(try await fixture.run("store", "verify").status == 0)
        #expect(try StoreVersion(ofStoreAt: copy).number == 2)
        #expect(try await fixture.run("store", "migrate").output.contains("that of this program"))
    }

    // MARK: - scan --only-changes

    @Test func onlyChangesReportsNothingTwice() async throws {
        let image = try fixture.addDamaged()
        try fixture.addImage("sound.qed")
        let first = try await fixture.scan("--only-changes")
        #expect(first.status == 4, "\(first)")
        #expect(first.output.contains("new, and damaged: 1\n  \(image): corrupt, "))
        #expect(!first.output.contains("still"))
        for arguments in [["--only-changes"], ["--only-changes", "-q"]] {
            let next = try await fixture.run(["scan"] + arguments + [fixture.pool])
            #expect(next.status == 4 && next.output.isEmpty && next.errors.isEmpty, "\(next)")
        }
        try fixture.addDamaged("other\u{1B}[31m.qed")
        let third = try await fixture.scan("--only-changes", "-q")
        #expect(third.output.contains("other\\x1b[31m.qed: corrupt"), "\(third)")
        #expect(third.output.contains("still damaged: 1 image, see 'qedscan report damaged'"))
        #expect(!hasControlCharacters(third.output))
    }

    /// An image of which tables are lost leaks what they mapped; its corruptions may go with them.
    @Test func lostTablesAndTheDirtyBitAreReportedAsChanges() async throws {
        var random = SeededRandom(seed: 1)
        let lost = try fixture.addImage("lost.qed", "two neighbours share a cluster, 4K/1")
        let dirty = try fixture.addImage("dirty.qed")
        _ = try await fixture.scan("--only-changes")
        try Defect.l1Wiped.apply(to: ImageEditor(path: lost), using: &random)
        try Defect.dirty.apply(to: ImageEditor(path: dirty), using: &random)
        let output = try await fixture.scan("--only-changes").output
        #expect(output.contains("worse: 1\n  \(lost): leaking, "), "\(output)")
        #expect(output.contains("tables lost (see 'qedscan report assessment')\n"), "\(output)")
        #expect(output.contains("not closed cleanly: 1\n  \(dirty)\n"), "\(output)")
        #expect(try await fixture.scan("--only-changes").output.isEmpty)
    }

    /// With the same counters as before the repair.
    @Test func damageAfterARepairIsReportedAsAChange() async throws {
        let image = try fixture.addDamaged()
        let damaged = try Data(contentsOf: URL(filePath: image))
        _ = try await fixture.scan("--only-changes")
        #expect(try await fixture.run("repair", "--yes", "-q", "--settle", "0s").status & 1 == 1)
        #expect(try await fixture.scan("--only-changes").output.isEmpty)
        try damaged.write(to: URL(filePath: image))
        let output = try await fixture.scan("--only-changes").output
        #expect(output.contains("\(image): corrupt, "), "\(output)")
    }

    /// What scans of other roots saw of these paths is gone, so everything is reported rather than nothing.
    @Test func prunedScansOfPathsBelowDoNotSilenceTheMail() async throws {
        let directory = try fixture.directory.makeDirectory("pool/below")
        try CorpusCase.all.first { $0.name == "sound, 4K/1" }?.write(to: "\(directory)/x.qed")
        _ = try await fixture.scan("--only-changes")
        try #require(CorpusCase.all.first { $0.name == "two neighbours share a cluster, 4K/1" })
            .write(to: "\(directory)/x.qed")
        let other = try fixture.directory.makeDirectory("other")
        _ = try await fixture.run("scan", directory)
        for _ in 0..<4 { _ = try await fixture.run("scan", other) }
        #expect(try await fixture.run("store", "prune", "--keep-scans", "2").status == 0)
        let output = try await fixture.scan("--only-changes").output
        #expect(output.contains("\(directory)/x.qed: corrupt, "), "\(output)")
    }

    @Test func aMovedImageThatIsGoneIsReported() async throws {
        let image = try fixture.addImage("a.qed")
        let other = try fixture.directory.makeDirectory("pool/other")
        _ = try await fixture.scan("--only-changes")
        #expect(rename(image, "\(fixture.pool)/b.qed") == 0)
        _ = try await fixture.run("scan", fixture.pool, other)
        #expect(unlink("\(fixture.pool)/b.qed") == 0)
        #expect(try await fixture.scan("--only-changes").output.contains("vanished: 1\n  \(image)\n"))
    }

    @Test func backupReplacesNoFileOfTheStore() async throws {
        try fixture.addImage()
        _ = try await fixture.scan()
        for suffix in ["-wal", "-journal", "-shm", ".lock"] {
            let result = try await fixture.run("store", "backup", "--force", fixture.store + suffix)
            #expect(result.status == 8 && result.errors.contains("a part of the store itself"), "\(result)")
        }
    }

    @Test func longListsAreCut() async throws {
        for number in 10..<33 { try fixture.addDamaged("\(number).qed") }
        let result = try await fixture.scan("--only-changes")
        #expect(result.output.contains("new, and damaged: 23\n"))
        #expect(result.output.contains("29.qed"))
        #expect(!result.output.contains("30.qed"))
        #expect(result.output.contains("  and 3 more: qedscan report changes\n"))
    }

    @Test func anErrorIsReportedOnce() async throws {
        try fixture.addImage()
        let gone = fixture.directory.file("none")
        let first = try await fixture.run("scan", "--only-changes", fixture.pool, gone)
        #expect(first.status == 8 && first.output.contains("not readable: 1\n  \(gone): "), "\(first)")
        #expect(first.errors.isEmpty)
        let second = try await fixture.run("scan", "--only-changes", fixture.pool, gone)
        #expect(second.status == 8 && second.output.isEmpty && second.errors.isEmpty, "\(second)")
    }
}
