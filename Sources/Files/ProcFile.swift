import CSystem
import Glibc

/// A file below /proc, whose size is known only after reading it.
package enum ProcFile {
    private static let piece = 4096
    /// A mount table of this size would have over 100 000 lines.
    private static let mostBytes = 16 << 20

    /// All bytes.
    package static func bytes(_ path: String) throws(SystemError) -> [UInt8] {
        let descriptor = try retryingInterrupted("open") {
            RawPath(path).withCString { csystem_openat(AT_FDCWD, $0, O_RDONLY | O_CLOEXEC) }
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: piece)
        while bytes.count < mostBytes {
            let count = try retryingInterrupted("read") { read(descriptor, &buffer, buffer.count) }
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        return bytes
    }
}
