import Foundation
import Glibc
import SQLite
import Store
import TestSupport
import Testing

/// `undo -n` is read-only, as `repair -n` is.
@Suite(.endsInTime) struct UndoDryRunTests {
    private let fixture: ScanFixture
    private let image: String

    init() async throws {
        fixture = try ScanFixture()
        image = try fixture.addDamaged()
        _ = try await fixture.scan()
        try #require(try await fixture.repair().status == 1 | 2)
    }

    private var files: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: fixture.directory.path).sorted() }
    }

    @Test func storeAndImageStayAsTheyAreAndNoLockFileAppears() async throws {
        try #require(unlink(fixture.store + ".lock") == 0)
        let before = (try FileState(fixture.store), try FileState(image), try files)
        for (id, status) in [("1", 0), ("2", 8)] {
            #expect(try await fixture.run("undo", "-n", id).status == status)
            #expect(try FileState(fixture.store) == before.0)
            #expect(try FileState(image) == before.1)
            #expect(try files == before.2)
        }
    }

    @Test func theStoreMayBeReadOnly() async throws {
        let user = try Tool.unprivileged(fixture.tool)
        let directory = try fixture.directory.makeDirectory("readable")
        let copy = directory + "/store.db"
        try FileManager.default.copyItem(atPath: fixture.store, toPath: copy)
        try #require(chmod(copy, 0o444) == 0 && chmod(directory, 0o555) == 0)
        defer { chmod(directory, 0o755) }
        let result = try await user.run(["--db", copy, "undo", "-n", "1"], fixture.environment)
        #expect(result.status == 0, "\(result)")
        #expect(result.output.contains("undo of repair 1: "))
    }

    @Test func itNeedsNotWaitForAScan() async throws {
        let lock = try RunLock(storePath: fixture.store, host: "box")
        try await ScanStore(writing: fixture.store).whileOpen {
            let result = try await fixture.run("undo", "-n", "1")
            #expect(result.status == 0, "\(result)")
        }
        withExtendedLifetime(lock) {}
    }

    @Test func anOlderStoreIsNotMigrated() async throws {
        try fixture.run(
            sql: "DELETE FROM schema_migration WHERE version = (SELECT max(version) FROM schema_migration)")
        let before = try FileState(fixture.store)
        let undo = try await fixture.run("undo", "-n", "1")
        let repair = try await fixture.run("repair", "-n")
        #expect(undo.status == 8 && undo.errors == repair.errors, "\(undo)")
        #expect(try FileState(fixture.store) == before)
    }

    @Test func anInterruptedRepairIsNotRecovered() async throws {
        try fixture.run(sql: "UPDATE repair SET state = 'prepared', finished_at = NULL")
        let before = (try FileState(fixture.store), try FileState(image))
        let result = try await fixture.run("undo", "-n", "1")
        #expect(result.status == 8, "\(result)")
        #expect(result.errors.contains("interrupted and not recovered yet: repair 1"))
        #expect(try FileState(fixture.store) == before.0)
        #expect(try FileState(image) == before.1)
    }
}

extension ScanFixture {
    fileprivate func run(sql: String) throws {
        let database = try Database(path: store, mode: .readWrite)
        try database.execute(sql)
        try database.close()
    }
}

extension ScanStore {
    /// Calls a function while the store is open to write, and closes it.
    fileprivate func whileOpen(_ body: () async throws -> Void) async throws {
        try await body()
        try close()
    }
}
