import CSystem
import Glibc

/// A file that a path leads to, held without having been opened (O_PATH): what it is can be asked before opening it has any
/// effect, and nobody can put another one in its place in between.
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

    /// Whether it is on a file system that the kernel makes up.
    package var isPseudo: Bool { FileSystem(descriptor: descriptor).isPseudo }

    /// A name that leads to this very file, for opening it: its own name may be another's now.
    package var reopeningPath: RawPath { RawPath("/proc/self/fd/\(descriptor)") }
}
