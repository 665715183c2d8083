import Foundation
import Glibc
import TestSupport

/// A small file system of its own, for full disks. Needs root.
final class MountedFileSystem: Sendable {
    let folder: TemporaryFolder

    init(size: String) throws {
        folder = try TemporaryFolder()
        guard mount("none", folder.path, "tmpfs", 0, "mode=0755,size=\(size)") == 0 else {
            throw POSIXError(.init(rawValue: errno) ?? .EIO)
        }
    }

    deinit {
        // Detached, as it may be busy for a moment still.
        umount2(folder.path, Int32(MNT_DETACH))
    }

    /// Whether this process may mount; else the tests that need it are skipped with a notice.
    static let isAvailable: Bool = {
        do {
            let folder = try TemporaryFolder()
            guard mount("none", folder.path, "tmpfs", 0, "size=64k") == 0 else { return false }
            return umount(folder.path) == 0
        } catch {
            return false
        }
    }()
}
