import Foundation
import Glibc
import TestSupport
import Testing

/// Repairs and undos with a store that somebody else may have written: refused before an image is touched.
@Suite(.endsInTime) struct UntrustedStoreTests {
    private let fixture: ScanFixture
    private let image: String

    init() async throws {
        fixture = try ScanFixture()
        image = try fixture.addDamaged()
        #expect(try await fixture.scan().status == 4)
    }

    /// Both are refused, with the path and the reason; reading is not.
    private func expectRefusal(_ path: String, _ reason: String, sourceLocation: SourceLocation = #_sourceLocation)
        async throws
    {
        let before = try FileState(image)
        for result in [try await fixture.repair(), try await fixture.undo("1")] {
            #expect(result.status == 8, sourceLocation: sourceLocation)
            #expect(
                result.errors.hasPrefix("qedscan: \(path): \(reason)"), "\(result.errors)",
                sourceLocation: sourceLocation)
            #expect(result.errors.contains("controls what a repair writes"), sourceLocation: sourceLocation)
            #expect(result.errors.split(separator: "\n").count == 1, sourceLocation: sourceLocation)
        }
        #expect(try FileState(image) == before, sourceLocation: sourceLocation)
        #expect(try await fixture.run("repair", "-n").status != 16, sourceLocation: sourceLocation)
        #expect(try await fixture.run("report", "repairs").status == 0, sourceLocation: sourceLocation)
    }

    @Test func aStoreThatOthersMayWriteIsRefused() async throws {
        for (mode, who) in [(0o660, "group"), (0o606, "everybody"), (0o666, "everybody")] as [(mode_t, String)] {
            chmod(fixture.store, mode)
            try await expectRefusal(fixture.store, who)
        }
        // Others may read it.
        chmod(fixture.store, 0o644)
        #expect(try await fixture.repair().status & 1 == 1)
    }

    @Test func aLockFileThatOthersMayWriteIsRefused() async throws {
        chmod(fixture.store + ".lock", 0o666)
        try await expectRefusal(fixture.store + ".lock", "everybody")
    }

    /// A journal beside the store would be rolled back: the sticky bit does not keep anybody from making one.
    @Test func aDirectoryThatOthersMayWriteIsRefused() async throws {
        for mode in [0o777, 0o1777] as [mode_t] {
            chmod(fixture.directory.path, mode)
            defer { chmod(fixture.directory.path, 0o755) }
            try await expectRefusal(fixture.directory.path, "everybody")
        }
        #expect(try await fixture.repair().status & 1 == 1)
    }

    /// But not that of the owner alone, which is what directories are made with where each user has a group.
    @Test(.enabled(if: geteuid() == 0, "only root can give files away"))
    func aDirectoryThatAnotherGroupMayWriteIsRefused() async throws {
        chmod(fixture.directory.path, 0o775)
        try #require(chown(fixture.directory.path, 0, 65534) == 0)
        try await expectRefusal(fixture.directory.path, "group 65534")
        try #require(chown(fixture.directory.path, 0, 0) == 0)
        #expect(try await fixture.repair().status & 1 == 1)
    }

    @Test(.enabled(if: geteuid() == 0, "only root can give files away"))
    func aStoreOfAnotherUserIsRefused() async throws {
        for path in [fixture.store, fixture.store + ".lock", fixture.directory.path] {
            try #require(chown(path, 65534, 65534) == 0)
            try await expectRefusal(path, "it belongs to user 65534")
            try #require(chown(path, 0, 0) == 0)
        }
        #expect(try await fixture.repair().status & 1 == 1)
    }

    @Test(.enabled(if: geteuid() == 0, "only root can give files away"))
    func aParentDirectoryThatAnotherUserCouldRenameIsRefused() async throws {
        let directory = try fixture.directory.makeDirectory("above/below")
        let store = "\(directory)/store.db"
        try #require(rename(fixture.store, store) == 0)
        let above = fixture.directory.file("above")
        try #require(chown(above, 65534, 65534) == 0)
        let refused = try await fixture.run("repair", "--yes", "--settle", "0s", "--db", store)
        #expect(refused.status == 8 && refused.errors.contains("\(above): it belongs to user 65534"))
        // In a directory like /tmp nobody renames what is not his.
        try #require(chown(above, 0, 0) == 0 && chmod(above, 0o1777) == 0)
        #expect(try await fixture.run("repair", "--yes", "--settle", "0s", "--db", store).status & 1 == 1)
    }

    @Test(.enabled(if: geteuid() == 0, "only root can give files away"))
    func anOrdinaryUserRepairsWithAnOwnStore() async throws {
        let user = try Tool.unprivileged(fixture.tool)
        for path in [fixture.directory.path, fixture.pool, fixture.store, fixture.store + ".lock", image] {
            try #require(chown(path, 65534, 65534) == 0)
        }
        let result = try await user.run(["scan", fixture.pool], fixture.environment)
        #expect(result.status == 4, "\(result.errors)")
        let repair = try await user.run(["repair", "--yes", "--settle", "0s"], fixture.environment)
        #expect(repair.status & 1 == 1, "\(repair.errors)")
        // And root with his: no.
        let refused = try await fixture.undo("1")
        #expect(refused.status == 8 && refused.errors.contains("belongs to user 65534"), "\(refused.errors)")
    }
}
