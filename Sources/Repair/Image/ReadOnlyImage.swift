import Files
import Glibc
import QED

/// An image open for reading, where an image that can be changed is asked for: to see what a repair or an undo would
/// say of it. Every change is refused.
package final class ReadOnlyImage: ImageStorage {
    private let file: ImageFile

    package var size: UInt64 { file.size }
    package var diskSize: UInt64 { file.diskSize }
    package var allowsConcurrentReads: Bool { file.allowsConcurrentReads }

    /// Opens a path as a repair does: no symbolic link is followed.
    package init(path: RawPath) throws(SystemError) { file = try ImageFile(withoutLinks: path) }

    /// Who else has it open.
    package func testUse() throws(SystemError) -> ImageUse { try file.testUse() }

    package func read(into buffer: UnsafeMutableRawBufferPointer, at offset: ByteOffset) throws(SystemError) -> Int {
        try file.read(into: buffer, at: offset)
    }

    package func nextData(from offset: ByteOffset) throws(SystemError) -> Range<UInt64>? {
        try file.nextData(from: offset)
    }

    /// As it was when it was opened.
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

    /// It has nobody's exclusive use.
    package func confirmExclusiveUse() throws(RepairFailure) {
        throw .image(ReadOnlyImage.refusal("fcntl"))
    }

    private static func refusal(_ call: String) -> SystemError { SystemError(call, code: EROFS) }
}
