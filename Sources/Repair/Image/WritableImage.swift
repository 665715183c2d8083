import CSystem
import Files
import Glibc
import QED

/// An image file open for reading and writing: the only such descriptor in the program.
///
/// `ExclusiveUse.take` makes one. Locks on it last until it is dropped. Not `Sendable`.
package final class WritableImage {
    let descriptor: Int32
    /// As it was when last asked for or changed.
    private var latestStatus: FileStatus
    private var flush = Flush()
    let use: ExclusiveUse

    /// Opens a file; no symbolic link of the path is followed, no device is opened, and a FIFO does not block.
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

    /// Calls a function that may change the file's size or place on disk, and looks at them afterwards, also if it
    /// failed.
    private func changing(_ change: () throws(SystemError) -> Void) throws(SystemError) {
        do throws(SystemError) {
            try change()
        } catch {
            // The first error is the one to tell.
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

    /// - Throws: EOPNOTSUPP where the file system cannot: the bytes are then as they were.
    package func punchHole(at offset: ByteOffset, length: UInt64) throws(SystemError) {
        guard length > 0 else { return }
        try changing { () throws(SystemError) in
            try FileWriter(descriptor: descriptor).punchHole(at: offset.rawValue, length: length)
        }
    }

    /// Once a flush has failed every later one fails with the same error.
    package func syncData() throws(SystemError) { try flush.run("fdatasync") { fdatasync(descriptor) } }

    /// Once a flush has failed every later one fails with the same error.
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
