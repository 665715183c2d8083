import CSystem
import Glibc

/// Keeps two commands from scanning or repairing with one store at the same time.
///
/// A file beside the store, locked with an open file description lock, which the kernel gives up however the holder
/// ends. The file's text says who holds it; the file stays.
package final class RunLock {
    private let descriptor: Int32

    /// Takes the lock of the store at `storePath`.
    ///
    /// - Throws: `StoreError.inUse` if another process holds it.
    package init(storePath: String, host: String) throws(StoreError) {
        let path = storePath + ".lock"
        let descriptor = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .lockFile(path: storePath, reason: String(cString: strerror(errno))) }
        guard csystem_ofd_take_write_lock(descriptor) == 0 else {
            let code = errno
            let holder = RunLock.text(of: descriptor)
            close(descriptor)
            guard code == EAGAIN || code == EACCES else {
                throw .lockFile(path: storePath, reason: String(cString: strerror(code)))
            }
            throw .inUse(path: storePath, holder: holder.isEmpty ? "it does not say who" : holder)
        }
        self.descriptor = descriptor
        write("process \(getpid()) on \(host), since \(Timestamp.now()) UTC")
    }

    deinit {
        // Emptied while still locked, so that no reader sees a holder that is gone.
        ftruncate(descriptor, 0)
        close(descriptor)
    }

    /// The text only helps to explain a refusal; the lock itself is what counts, so a failed write does not matter.
    private func write(_ text: String) {
        ftruncate(descriptor, 0)
        let bytes = Array(text.utf8)
        _ = bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
    }

    private static func text(of descriptor: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
        return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
    }
}
