import Foundation
import Glibc
import SQLite
import Store
import TestSupport
import Testing

/// Files that are no store, or not one for this program: one sentence, and not a byte changed.
@Suite(.endsInTime) struct BadStoreTests {
    private let fixture: ScanFixture

    init() throws { fixture = try ScanFixture() }

    @Test func aFileThatIsNotSQLiteIsRefused() async throws {
        try Data(
            "This is not a database, though it is longer than a header of SQLite: \(String(repeating: "x", count: 200))"
                .utf8
        )
        .write(to: URL(filePath: fixture.store))
        try await expectRefusal("is not a SQLite database")
    }

    @Test func anotherProgramsDatabaseIsRefused() async throws {
        let database = try Database(path: fixture.store, mode: .create)
        try database.execute("CREATE TABLE theirs (a); INSERT INTO theirs VALUES (1)")
        try database.close()
        try await expectRefusal("not a qedscan store")
    }

    @Test func aNewerStoreIsRefused() async throws {
        try await makeStore(
            "INSERT INTO schema_migration SELECT version + 1, '9999_x', sql, applied_at FROM schema_migration ORDER BY version DESC LIMIT 1"
        )
        try await expectRefusal("newer")
    }

    /// The signal that a write past the limit sends would end the program without a word.
    @Test(
        .enabled(if: Tool("prlimit") != nil, "prlimit is not installed"),
        .disabled(if: Sanitizer.isThread, "its runtime needs larger files"))
    func aStoreThatReachesTheLimitOfAFileSizeIsAnError() async throws {
        try fixture.addImage()
        let prlimit = try #require(Tool("prlimit"))
        let result = try await prlimit.run(
            ["--fsize=8192", fixture.tool.path, "scan", fixture.pool], environment: fixture.environment)
        #expect(result.status == 8)
        #expect(result.errors.contains("could not be read or written"), "\(result.errors)")
    }

    @Test func anEditedMigrationIsRefused() async throws {
        try await makeStore("UPDATE schema_migration SET sql = sql || ' -- edited' WHERE version = 1")
        try await expectRefusal("differs from this program's")
    }

    @Test func aTruncatedStoreIsRefused() async throws {
        try await makeStore("UPDATE scan SET state = state")
        try #require(truncate(fixture.store, 3000) == 0)
        try await expectRefusal("is damaged")
    }

    @Test func aSymbolicLinkIsRefused() async throws {
        try await makeStore("UPDATE scan SET state = state")
        let target = fixture.directory.file("target.db")
        try FileManager.default.moveItem(atPath: fixture.store, toPath: target)
        try FileManager.default.createSymbolicLink(atPath: fixture.store, withDestinationPath: target)
        try await expectRefusal("symbolic link")
    }

    @Test func aStoreThatMayOnlyBeReadIsReadAndNotScannedInto() async throws {
        guard let run = try await Tool.unprivileged(fixture.tool) else {
            print("skipped: there is no way to run the program as an ordinary user")
            return
        }
        try await makeStore("UPDATE scan SET state = state")
        chmod(fixture.store, 0o444)
        chmod(fixture.directory.path, 0o555)
        defer { chmod(fixture.directory.path, 0o755) }
        let before = try Data(contentsOf: URL(filePath: fixture.store))
        let scan = try await run(["scan", fixture.pool], fixture.environment)
        expectOneSentence(scan, "cannot be written")
        #expect(try await run(["report", "summary"], fixture.environment).status == 0)
        #expect(try Data(contentsOf: URL(filePath: fixture.store)) == before)
    }

    @Test func aMissingStoreIsNotMadeByReading() async throws {
        let result = try await fixture.run("query", "SELECT 1")
        #expect(result.status == 8)
        #expect(result.errors.contains(fixture.store))
        #expect(result.errors.contains("hint: "))
        #expect(!FileManager.default.fileExists(atPath: fixture.store))
    }

    @Test func aFullDiskEndsTheScanAndKeepsTheStore() async throws {
        guard geteuid() == 0 else {
            print("skipped: only root can mount a small file system")
            return
        }
        let disk = try fixture.directory.makeDirectory("disk")
        try #require(mount("none", disk, "tmpfs", 0, "size=600k") == 0)
        defer { umount2(disk, Int32(MNT_DETACH)) }
        let store = "\(disk)/store.db"
        try fixture.addImage("first.qed")
        #expect(try await fixture.run("--db", store, "scan", fixture.pool).status == 0)
        let before = try ScanFixture.knowledge(of: store)
        try fixture.addImage("second.qed")
        let (zeros, filler) = ([UInt8](repeating: 0, count: 4096), try #require(fopen("\(disk)/filler", "w")))
        setvbuf(filler, nil, _IONBF, 0)
        while fwrite(zeros, 1, zeros.count, filler) == zeros.count {}
        fclose(filler)
        for options in [[], ["--progress", "always"]] {
            let result = try await fixture.run(["--db", store, "scan"] + options + [fixture.pool])
            #expect(result.status == 8)
            #expect(result.errors.contains("is full"))
        }
        unlink("\(disk)/filler")
        #expect(try ScanFixture.knowledge(of: store) == before)
        #expect(try Database(path: store, mode: .readOnly).scalar("PRAGMA integrity_check") == .text("ok"))
        #expect(try await fixture.run("--db", store, "scan", fixture.pool).status == 0)
        #expect(try ScanFixture.knowledge(of: store).count == 2)
    }

    // MARK: - What is expected

    /// A store of one scan, changed by SQL.
    private func makeStore(_ sql: String) async throws {
        try fixture.addImage()
        #expect(try await fixture.run("scan", fixture.pool).status == 0)
        let database = try Database(path: fixture.store, mode: .readWrite)
        try database.execute(sql)
        try database.close()
    }

    private func expectRefusal(_ reason: String) async throws {
        let before = try Data(contentsOf: URL(filePath: fixture.store))
        for arguments in [["scan", fixture.pool], ["query", "SELECT 1"], ["report", "summary"], ["show", "/x"]] {
            expectOneSentence(try await fixture.run(arguments), reason)
        }
        #expect(try Data(contentsOf: URL(filePath: fixture.store)) == before)
        let beside = try FileManager.default.contentsOfDirectory(atPath: fixture.directory.path)
        #expect(!beside.contains { $0.hasSuffix("-wal") || $0.hasSuffix("-journal") || $0.hasSuffix("-shm") })
    }

    private func expectOneSentence(_ result: Tool.Result, _ reason: String) {
        #expect(result.status == 8)
        #expect(result.output == "")
        #expect(result.errors.hasPrefix("qedscan: \(fixture.store) "), "\(result.errors)")
        #expect(result.errors.contains(reason), "\(result.errors)")
        #expect(result.errors.split(separator: "\n").count == 1)
    }
}
