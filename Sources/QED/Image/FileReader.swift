import CSystem
import Files
import Glibc

/// Reads from an open file by offset. The descriptor is not closed here.
package struct FileReader: Sendable {
    private let descriptor: Int32

    package init(descriptor: Int32) { self.descriptor = descriptor }

    /// Reads from an offset until the buffer is full or the file ends. Returns the number of bytes read.
    package func read(into buffer: UnsafeMutableRawBufferPointer, at offset: ByteOffset) throws(SystemError) -> Int {
        var filled = 0
        while filled < buffer.count {
            guard let start = off_t(exactly: offset.rawValue.saturatingAdd(UInt64(filled))) else { break }
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
            let count = try retryingInterrupted("pread") { pread(descriptor, rest.baseAddress, rest.count, start) }
            if count == 0 { break }
            filled += count
        }
        return filled
    }

    /// The first range at or after an offset that may have anything but zeros; nil if only a hole is left.
    package func nextData(from offset: ByteOffset) -> Range<UInt64>? {
        guard let start = off_t(exactly: offset.rawValue) else { return nil }
        let data = csystem_seek_data(descriptor, start)
        guard data >= 0 else {
            if errno == ENXIO { return nil }
            // On a file system without SEEK_DATA everything counts as data.
            return offset.rawValue..<UInt64(off_t.max)
        }
        let hole = csystem_seek_hole(descriptor, data)
        // The file may change meanwhile: never make a range that goes backward.
        return UInt64(data)..<UInt64(max(hole, data + 1))
    }

    /// Whether a read at an offset would wait for a device. False if not known.
    package func mustWait(toReadAt offset: ByteOffset) -> Bool {
        guard let start = off_t(exactly: offset.rawValue) else { return false }
        return csystem_is_cached(descriptor, start) == 0
    }

    /// Makes the device read a range, and from then on only what is asked for: a table is mostly followed by guest
    /// data.
    package func readAhead(_ range: Range<UInt64>) {
        guard let start = off_t(exactly: range.lowerBound), let end = off_t(exactly: range.upperBound) else { return }
        // This is only advice: if it is ignored, reads take longer.
        posix_fadvise(descriptor, 0, 0, POSIX_FADV_RANDOM)
        posix_fadvise(descriptor, start, end - start, POSIX_FADV_WILLNEED)
    }
}
