import CSystem
import Glibc

/// The directory of a path, opened name by name so that no symbolic link is followed.
///
/// A scan names its images without links. Where one stands now, somebody has put it there since, and what it leads to is
/// not what was scanned: the owner of a pool could have root write to a file that is not his, or open a device.
package final class ParentDirectory {
    /// For looking up names only (O_PATH).
    package let descriptor: Int32
    /// The path's last name; `.` if it has none.
    package let name: [UInt8]

    /// - Throws: ENOTDIR where a name before the last is a link, or no directory for other reasons.
    package init(of path: RawPath) throws(SystemError) {
        var names = path.bytes.split(separator: UInt8(ascii: "/"))
        name = names.popLast().map(Array.init) ?? [UInt8(ascii: ".")]
        var parent = try ParentDirectory.open(
            Array(path.bytes.first == UInt8(ascii: "/") ? "/".utf8 : ".".utf8), AT_FDCWD)
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

    /// Throws if the last name is a device's: opening one may be a command to it, and a path may come from a store that
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
