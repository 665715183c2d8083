import Glibc

/// A file that is there whole or not at all.
package enum OutputFile {
    /// Writes beside the path, waits for the disk and renames. A symbolic link at the path is replaced, not followed.
    ///
    /// - Parameter mode: who may read it, whatever the umask.
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
        let result = temporary.withCString { from in path.withCString { rename(from, $0) } }
        guard result == 0 else {
            let error = SystemError.last("rename")
            temporary.withCString { _ = unlink($0) }
            throw error
        }
    }
}

package enum Descriptor {
    /// Writes all bytes; returns errno, 0 if all is well.
    package static func write(_ bytes: [UInt8], to descriptor: Int32) -> Int32 {
        var rest = bytes[...]
        while !rest.isEmpty {
            do throws(SystemError) {
                let count = try retryingInterrupted("write") {
                    rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
                }
                // What takes nothing and gives no reason would be asked for ever.
                guard count > 0 else { return EIO }
                rest = rest.dropFirst(count)
            } catch {
                return error.code
            }
        }
        return 0
    }
}
