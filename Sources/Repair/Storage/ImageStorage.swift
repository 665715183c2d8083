import Files
import Glibc
import QED

/// An image that can be changed: a file, or a substitute for tests.
package protocol ImageStorage: ImageSource {
    /// The current status of the file. `size` always agrees with it.
    func status() throws(SystemError) -> FileStatus

    /// Writes all bytes in place or past the end.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: ByteOffset) throws(SystemError)

    /// Extends the file with zeros and allocates disk space for them. If it throws, the file has its old length.
    func extend(to size: UInt64) throws(SystemError)

    /// Makes the file shorter.
    func cut(to size: UInt64) throws(SystemError)

    /// Gives back the disk space of the whole blocks in a range. The range then reads as zeros.
    func punchHole(at offset: ByteOffset, length: UInt64) throws(SystemError)

    /// fdatasync(2): when it returns, everything written so far is on disk.
    func syncData() throws(SystemError)

    /// fsync(2).
    func sync() throws(SystemError)

    /// Makes later reads come from the disk: posix_fadvise(2), POSIX_FADV_DONTNEED.
    func dropCache() throws(SystemError)

    /// Throws if somebody else may have the image open now.
    func confirmExclusiveUse() throws(RepairFailure)
}

/// An image that is open for reading and refuses every change: for finding out what a repair or an undo would say about
/// it.
package final class ReadOnlyImage: ImageStorage {
    private let file: ImageFile

    package var size: UInt64 { file.size }
    package var diskSize: UInt64 { file.diskSize }
    package var allowsConcurrentReads: Bool { file.allowsConcurrentReads }

    /// Opens a path as a repair does, without following symbolic links.
    package init(path: RawPath) throws(SystemError) { file = try ImageFile(withoutLinks: path) }

    /// Who else has it open.
    package func testUse() throws(SystemError) -> ImageUse { try file.testUse() }

    package func read(into buffer: UnsafeMutableRawBufferPointer, at offset: ByteOffset) throws(SystemError) -> Int {
        try file.read(into: buffer, at: offset)
    }

    package func nextData(from offset: ByteOffset) throws(SystemError) -> Range<UInt64>? {
        try file.nextData(from: offset)
    }

    /// The status when the file was opened.
    package func status() -> FileStatus { file.status }

    package func write(_ bytes: UnsafeRawBufferPointer, at offset: ByteOffset) throws(SystemError) {
        throw ReadOnlyImage.refusal("pwrite")
    }

    package func extend(to size: UInt64) throws(SystemError) { throw ReadOnlyImage.refusal("fallocate") }
    package func cut(to size: UInt64) throws(SystemError) { throw ReadOnlyImage.refusal("ftruncate") }

    package func punchHole(at offset: ByteOffset, length: UInt64) throws(SystemError) {
        throw ReadOnlyImage.refusal("fallocate")
    }

    package func syncData() throws(SystemError) { throw ReadOnlyImage.refusal("fdatasync") }
    package func sync() throws(SystemError) { throw ReadOnlyImage.refusal("fsync") }
    package func dropCache() throws(SystemError) { throw ReadOnlyImage.refusal("posix_fadvise") }

    /// Always throws: the image is not locked.
    package func confirmExclusiveUse() throws(RepairFailure) {
        throw .image(ReadOnlyImage.refusal("fcntl"))
    }

    private static func refusal(_ call: String) -> SystemError { SystemError(call, code: EROFS) }
}
