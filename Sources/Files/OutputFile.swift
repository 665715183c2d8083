import Glibc

/// The one way to replace a file: readers see the old file or the whole new one.
package enum OutputFile {
    /// Writes a temporary file beside the path, waits until it is on disk, and renames it. A symbolic link at the path
    /// is replaced, not followed.
    ///
    /// - Parameter mode: the file's permissions, whatever the umask.
    package static func write(_ text: String, to path: RawPath, mode: mode_t = 0o600) throws(SystemError) {
        let temporary = TemporaryName.beside(path)
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        let descriptor = temporary.withCString { open($0, flags, 0o600) }
        guard descriptor >= 0 else { throw SystemError.last("open") }
        do throws(SystemError) {
            defer { close(descriptor) }
            guard fchmod(descriptor, mode) == 0 else { throw SystemError.last("fchmod") }
            let code = Descriptor.write(Array(text.utf8), to: descriptor)
            guard code == 0 else { throw SystemError("write", code: code) }
            guard fsync(descriptor) == 0 else { throw SystemError.last("fsync") }
        } catch {
            temporary.withCString { _ = unlink($0) }
            throw error
        }
        do throws(SystemError) {
            try replace(path, with: temporary)
        } catch {
            temporary.withCString { _ = unlink($0) }
            throw error
        }
    }

    /// Gives a file that is on disk the name of another, which it replaces.
    package static func replace(_ path: RawPath, with temporary: RawPath) throws(SystemError) {
        let result = temporary.withCString { from in path.withCString { rename(from, $0) } }
        guard result == 0 else { throw SystemError.last("rename") }
    }

    /// Waits until the directory of a path has the names in it on disk. A directory that cannot be opened is left
    /// alone.
    package static func synchronizeDirectory(of path: RawPath) throws(SystemError) {
        let descriptor = path.directory.withCString { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        try retryingInterrupted("fsync") { fsync(descriptor) }
    }
}

package enum Descriptor {
    /// Writes all bytes; returns `errno`, or 0 on success.
    package static func write(_ bytes: [UInt8], to descriptor: Int32) -> Int32 {
        var rest = bytes[...]
        while !rest.isEmpty {
            do throws(SystemError) {
                let count = try retryingInterrupted("write") {
                    rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
                }
                // A device that takes nothing and gives no reason would keep us in this loop for ever.
                guard count > 0 else { return EIO }
                rest = rest.dropFirst(count)
            } catch {
                return error.code
            }
        }
        return 0
    }
}

/// Names for new files beside those that they will replace. They are random, so that nobody can put something there
/// first.
package enum TemporaryName {
    /// A random name in the directory of a path. Its length does not depend on the path's last name.
    package static func beside(_ path: RawPath) -> RawPath {
        let number = String(UInt64.random(in: .min ... .max), radix: 16)
        return path.sibling(Array(".qedscan-\(number).tmp".utf8))
    }
}
