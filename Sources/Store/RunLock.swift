import CSystem
import Glibc

/// Keeps two commands from scanning or repairing with one store at the same time.
///
/// A file beside the store is locked with an open file description lock, which the kernel releases however the holder
/// ends. The file's text names the holder. The file stays.
package final class RunLock {
    /// Microseconds.
    private static let pollInterval: useconds_t = 100_000
    private let descriptor: Int32

    /// Takes the lock of the store at `storePath`.
    ///
    /// - Throws: `StoreError.inUse` if another process holds it.
    package init(storePath: String, host: String) throws(StoreError) {
        let path = storePath + ".lock"
        let flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY
        let descriptor = open(path, flags, 0o600)
        guard descriptor >= 0 else { throw .lockFile(path: storePath, reason: String(cString: strerror(errno))) }
        if let fault = RunLock.fault(of: descriptor) {
            close(descriptor)
            throw .lockFile(path: storePath, reason: fault)
        }
        guard csystem_ofd_take_write_lock(descriptor) == 0 else {
            let code = errno
            let holder = RunLock.text(of: descriptor)
            close(descriptor)
            guard code == EAGAIN || code == EACCES else {
                throw .lockFile(path: storePath, reason: String(cString: strerror(code)))
            }
            throw .inUse(path: storePath, holder: holder.isEmpty ? "unknown process" : holder)
        }
        self.descriptor = descriptor
        write("process \(getpid()) on \(host), since \(Timestamp.now()) UTC")
    }

    /// Takes the lock, waiting for it if another process has it.
    ///
    /// - Parameters:
    ///   - patience: how long to wait.
    ///   - isCancelled: asked ten times a second whether to give up.
    ///   - onWait: called once before the wait, with the holder.
    /// - Throws: `StoreError.inUse` if another process still holds it then.
    package static func take(
        storePath: String, host: String, patience: Duration, isCancelled: () -> Bool, onWait: (String) -> Void
    ) throws(StoreError) -> RunLock {
        let end = ContinuousClock.now + patience
        var isWaiting = false
        while true {
            do throws(StoreError) {
                return try RunLock(storePath: storePath, host: host)
            } catch {
                guard case .inUse = error, !isCancelled(), ContinuousClock.now < end else { throw error }
                if !isWaiting { onWait(error.description) }
                isWaiting = true
                usleep(pollInterval)
            }
        }
    }

    /// Who holds the lock of a store, nil if nobody does. Never takes the lock.
    ///
    /// - Throws: `StoreError.lockUnreadable`.
    package static func holder(storePath: String) throws(StoreError) -> String? {
        let flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY
        let descriptor = open(storePath + ".lock", flags)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw .lockUnreadable(path: storePath, reason: String(cString: strerror(errno)))
        }
        defer { close(descriptor) }
        let result = csystem_ofd_test_write_lock(descriptor, 0, 0)
        guard result >= 0 else { throw .lockUnreadable(path: storePath, reason: String(cString: strerror(errno))) }
        return result == 0 ? nil : text(of: descriptor)
    }

    deinit {
        // Emptied while it is locked, so that no reader sees a holder that is gone.
        ftruncate(descriptor, 0)
        close(descriptor)
    }

    /// Why an existing lock file must not be written to: somebody may have planted it. nil if it may; then its owner
    /// can open it again, whatever the umask was.
    private static func fault(of descriptor: Int32) -> String? {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return String(cString: strerror(errno)) }
        guard status.st_mode & S_IFMT == S_IFREG else { return "it is not a regular file" }
        guard status.st_nlink <= 1 else { return "it has \(status.st_nlink) names (hard links)" }
        if status.st_uid == geteuid(), status.st_mode & 0o600 != 0o600 {
            fchmod(descriptor, status.st_mode & 0o777 | 0o600)
        }
        return nil
    }

    /// Names the holder. Only the lock counts, so a failed write does not matter.
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
