import CSystem
import Glibc

/// A file that a path leads to, held without having been opened (O_PATH): what it is can be asked before opening it has any
/// effect, and nobody can put another one in its place in between.
final class FilePlace {
    private let descriptor: Int32
    let type: FileType
    let identity: FileIdentity

    /// Follows symbolic links.
    init(path: RawPath) throws(SystemError) {
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
    var isPseudo: Bool { FileSystem(descriptor: descriptor).isPseudo }

    /// Opens this very file for reading.
    func open() throws(SystemError) -> ImageFile {
        // Never by its name again: that may be another's now.
        try ImageFile(path: RawPath("/proc/self/fd/\(descriptor)"))
    }
}
