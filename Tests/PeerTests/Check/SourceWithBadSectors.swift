import Files
import Glibc
import QED

/// A file some bytes of which cannot be read.
struct SourceWithBadSectors: ImageSource {
    let file: ImageFile
    /// Bytes from the start of the file.
    let unreadable: Range<UInt64>

    var size: UInt64 { file.size }
    var diskSize: UInt64 { file.diskSize }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: ByteOffset) throws(SystemError) -> Int {
        guard !unreadable.overlaps(offset.rawValue..<offset.rawValue + UInt64(buffer.count)) else {
            throw SystemError("pread", code: EIO)
        }
        return try file.read(into: buffer, at: offset)
    }

    func nextData(from offset: ByteOffset) throws(SystemError) -> Range<UInt64>? { try file.nextData(from: offset) }
}
