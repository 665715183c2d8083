import CSystem
import Glibc

/// A file that a path leads to, held without opening it (O_PATH). It can be examined before opening it has any effect,
/// and nobody can put another file in its place in between.
package final class PathHandle {
    private let descriptor: Int32
    package let type: FileType
    package let identity: FileIdentity

    /// Follows symbolic links.
    package init(path: RawPath) throws(SystemError) {
        let descriptor = try retryingInterrupted("open") {
            path.withCString { csystem_openat(AT_FDCWD, $0, csystem_o_path() | O_CLOEXEC) }
        }
        var status = stat()
        do throws(SystemError) {
            try retryingInterrupted("fstat") { fstat(descriptor, &status) }
        } catch {
            close(descriptor)
            throw error
        }
        type = FileType(status)
        identity = FileStatus(status).identity
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Whether it is on a pseudo file system, such as /proc.
    package var isPseudo: Bool { FileSystem(descriptor: descriptor).isPseudo }

    /// A path that leads to this very file, for opening it: its own name may belong to another file by now.
    package var reopeningPath: RawPath { RawPath("/proc/self/fd/\(descriptor)") }
}

/// The directory of a path, opened name by name so that no symbolic link is followed.
///
/// A scan stores paths without links. If there is a link now, somebody has put it there since, and it does not lead to
/// what was scanned: the owner of a pool could make root write to somebody else's file, or open a device.
package final class ParentDirectory {
    /// For looking up names only (O_PATH).
    package let descriptor: Int32
    /// The path's last name; `.` if it has none.
    package let name: [UInt8]

    /// - Throws: ENOTDIR if a name before the last is a link, or is not a directory.
    package init(of path: RawPath) throws(SystemError) {
        var names = path.names
        name = names.popLast().map(Array.init) ?? [UInt8(ascii: ".")]
        var parent = try ParentDirectory.open(Array(path.isAbsolute ? "/".utf8 : ".".utf8), AT_FDCWD)
        for name in names {
            do throws(SystemError) {
                let next = try ParentDirectory.open(Array(name), parent)
                close(parent)
                parent = next
            } catch {
                close(parent)
                throw error
            }
        }
        descriptor = parent
    }

    deinit { close(descriptor) }

    /// Throws if the last name is a device: opening one may be a command to it, and the path may come from a store that
    /// somebody else has written.
    package func refuseDevice() throws(SystemError) {
        var status = stat()
        try retryingInterrupted("fstatat") {
            RawPath.withCString(name) { fstatat(descriptor, $0, &status, AT_SYMLINK_NOFOLLOW) }
        }
        switch FileType(status) {
        case .block, .character: throw SystemError("open: it is a device", code: ENODEV)
        default: break
        }
    }

    private static func open(_ name: [UInt8], _ directory: Int32) throws(SystemError) -> Int32 {
        let flags = csystem_o_path() | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
        return try retryingInterrupted("open its directory without following links") {
            RawPath.withCString(name) { csystem_openat(directory, $0, flags) }
        }
    }
}
