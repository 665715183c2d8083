import CSystem
import Files
import Glibc
import QED

/// An image file that is open for reading and writing: the only such descriptor in the program.
///
/// `ExclusiveUse.take` makes one. Its locks last until it is released. Not `Sendable`.
package final class WritableImage {
    let descriptor: Int32
    /// The status at the last call or change.
    private var latestStatus: FileStatus
    private var flush = Flush()
    let use: ExclusiveUse

    /// Opens a file. Symbolic links are not followed, devices are not opened, and a FIFO does not block.
    init(path: RawPath, options: AccessOptions) throws(SystemError) {
        let flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY
        let parent = try ParentDirectory(of: path)
        try parent.refuseDevice()
        let descriptor = try retryingInterrupted("open") {
            RawPath(bytes: parent.name).withCString { csystem_openat(parent.descriptor, $0, flags) }
        }
        do throws(SystemError) {
            latestStatus = try FileStatus(descriptor: descriptor)
            use = ExclusiveUse(
                descriptor: descriptor, path: path, options: options, mount: try MountPoint(descriptor: descriptor))
        } catch {
            close(descriptor)
            throw error
        }
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Calls a function that may change the size of the file, and reads the status afterwards, even if the function
    /// fails.
    private func changing(_ change: () throws(SystemError) -> Void) throws(SystemError) {
        do throws(SystemError) {
            try change()
        } catch {
            // The first error is the one to report.
            if let status = FileStatus(ifReadable: descriptor) { latestStatus = status }
            throw error
        }
        latestStatus = try FileStatus(descriptor: descriptor)
    }
}

extension WritableImage: ImageStorage {
    package var size: UInt64 { latestStatus.identity.size }
    package var diskSize: UInt64 { latestStatus.diskSize }
    package var allowsConcurrentReads: Bool { true }

    package func status() throws(SystemError) -> FileStatus {
        latestStatus = try FileStatus(descriptor: descriptor)
        return latestStatus
    }

    package func read(into buffer: UnsafeMutableRawBufferPointer, at offset: ByteOffset) throws(SystemError) -> Int {
        try FileReader(descriptor: descriptor).read(into: buffer, at: offset)
    }

    package func nextData(from offset: ByteOffset) throws(SystemError) -> Range<UInt64>? {
        FileReader(descriptor: descriptor).nextData(from: offset)
    }

    package func write(_ bytes: UnsafeRawBufferPointer, at offset: ByteOffset) throws(SystemError) {
        try changing { () throws(SystemError) in
            try FileWriter(descriptor: descriptor).write(bytes, at: offset.rawValue)
        }
    }

    package func extend(to size: UInt64) throws(SystemError) {
        let old = try status().identity.size
        guard size != old else { return }
        try changing { () throws(SystemError) in
            try FileWriter(descriptor: descriptor).extend(from: old, to: size)
        }
    }

    package func cut(to size: UInt64) throws(SystemError) {
        guard size <= (try status().identity.size) else { throw SystemError("ftruncate", code: EINVAL) }
        try changing { () throws(SystemError) in try FileWriter(descriptor: descriptor).setSize(size) }
    }

    /// - Throws: EOPNOTSUPP if the file system has no holes. The bytes are unchanged then.
    package func punchHole(at offset: ByteOffset, length: UInt64) throws(SystemError) {
        guard length > 0 else { return }
        try changing { () throws(SystemError) in
            try FileWriter(descriptor: descriptor).punchHole(at: offset.rawValue, length: length)
        }
    }

    /// After a failed flush, every later one fails with the same error.
    package func syncData() throws(SystemError) { try flush.run("fdatasync") { fdatasync(descriptor) } }

    /// After a failed flush, every later one fails with the same error.
    package func sync() throws(SystemError) { try flush.run("fsync") { fsync(descriptor) } }

    package func dropCache() throws(SystemError) {
        // Returns the error instead of setting errno.
        let code = posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED)
        guard code == 0 else { throw SystemError("posix_fadvise", code: code) }
    }

    package func confirmExclusiveUse() throws(RepairFailure) { try use.confirm() }
}

extension FileStatus {
    /// nil if fstat(2) fails.
    fileprivate init?(ifReadable descriptor: Int32) {
        do throws(SystemError) {
            try self.init(descriptor: descriptor)
        } catch {
            return nil
        }
    }
}

/// Flushes a file to disk until that fails once.
///
/// The kernel reports lost bytes only once: the next flush would succeed without them.
struct Flush {
    private var failure: SystemError?

    /// Calls fsync(2) or fdatasync(2), again if a signal interrupts it. After a failure, every later call fails with
    /// the same error.
    mutating func run(_ operation: String, _ call: () -> Int32) throws(SystemError) {
        if let failure { throw failure }
        do throws(SystemError) {
            try retryingInterrupted(operation, call)
        } catch {
            failure = error
            throw error
        }
    }
}
