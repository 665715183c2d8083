import Glibc
import TestSupport
import Testing

/// A file system below a root that is not mounted at the next scan.
@Suite(.enabled(if: MountedFileSystem.isAvailable, "this process may not mount"), .endsInTime)
struct UnmountedFileSystemTests {
    @Test func imagesOfAFileSystemThatIsNotMountedAreNotMissing() async throws {
        let fixture = try ScanFixture()
        let mountPoint = try fixture.directory.makeDirectory("pool/a")
        try #require(mount("none", mountPoint, "tmpfs", 0, "size=4m") == 0)
        defer { umount2(mountPoint, Int32(MNT_DETACH)) }
        try fixture.addImage("here.qed")
        try fixture.addImage("a/there.qed")
        #expect(try await fixture.run("scan", fixture.pool).status == 0)

        umount2(mountPoint, Int32(MNT_DETACH))
        let result = try await fixture.run("scan", fixture.pool)
        #expect(result.status == 8)
        #expect(result.errors.contains("\(mountPoint) is no longer a mount point"), "\(result.errors)")
        #expect(!result.output.contains("no longer there"))
        #expect(try await fixture.number("SELECT count(*) AS n FROM latest_check WHERE present") == 2)
    }
}
