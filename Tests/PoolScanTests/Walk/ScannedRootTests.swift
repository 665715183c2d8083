import Files
import Glibc
import QED
import Testing

@testable import PoolScan

/// What a scan reports of its roots.
@Suite struct ScannedRootTests {
    @Test func everyRootIsNamedOnceWithItsFileOrItsError() throws {
        let pool = try Pool()
        let image = try pool.addImage("a")
        let run = ScanRun([pool.root, image, pool.path("gone"), pool.root])
        let roots = run.coverage.rootResults
        #expect(roots.map(\.path) == [pool.root, image, pool.path("gone")])
        #expect(roots.map { $0.file?.inode } == [try rootInode(pool), try pool.key("a").inode, nil])
        #expect(roots.map { $0.error?.code } == [nil, nil, ENOENT])
    }

    private func rootInode(_ pool: Pool) throws -> UInt64 {
        try FileStatus(directory: AT_FDCWD, name: pool.root.bytes).identity.inode
    }
}
