import Foundation
import Glibc

/// A small mounted file system, for full disks and read-only directories. Needs root.
public final class MountedFileSystem: Sendable {
    public let directory: TemporaryDirectory

    public init(size: String) throws {
        directory = try TemporaryDirectory()
        try mount(flags: 0, options: "mode=0755,size=\(size)")
    }

    public func makeReadOnly() throws { try mount(flags: UInt(MS_REMOUNT | MS_RDONLY), options: nil) }

    private func mount(flags: UInt, options: String?) throws {
        guard Glibc.mount("none", directory.path, "tmpfs", flags, options) == 0 else {
            throw POSIXError(.init(rawValue: errno) ?? .EIO)
        }
    }

    deinit {
        // Detached, as it may be busy for a moment still.
        umount2(directory.path, Int32(MNT_DETACH))
    }

    /// Whether this process may mount; else the tests that need it are skipped with a notice.
    public static let isAvailable: Bool = {
        do {
            let directory = try TemporaryDirectory()
            guard Glibc.mount("none", directory.path, "tmpfs", 0, "size=64k") == 0 else { return false }
            return umount(directory.path) == 0
        } catch {
            return false
        }
    }()
}
