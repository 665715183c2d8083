import CSystem
import Files
import Glibc

/// Writes to an open file by offset. The descriptor is not closed here.
struct FileWriter {
    /// How many zeros are written at once if the file system cannot allocate.
    private static let zeroPiece = 1 << 20

    let descriptor: Int32

    /// Writes all bytes. If it throws, some of them may have been written.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(SystemError) {
        _ = try FileWriter.length(offset.saturatingAdd(UInt64(bytes.count)), "pwrite")
        var written = 0
        while written < bytes.count {
            let start = try FileWriter.length(offset.saturatingAdd(UInt64(written)), "pwrite")
            let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
            let count = try retryingInterrupted("pwrite") { pwrite(descriptor, rest.baseAddress, rest.count, start) }
            // A regular file never returns 0, and trying again might never end.
            guard count > 0 else { throw SystemError("pwrite", code: EIO) }
            written += count
        }
    }

    /// Extends the file and allocates disk space for the new part. If it throws, the file has its old length.
    func extend(from old: UInt64, to new: UInt64) throws(SystemError) {
        guard new > old else { throw SystemError("fallocate", code: EINVAL) }
        do throws(SystemError) {
            try allocate(from: old, to: new)
        } catch {
            // A part may be allocated. The first error is the one to report.
            do throws(SystemError) { try setSize(old) } catch {}
            throw error
        }
    }

    private func allocate(from old: UInt64, to new: UInt64) throws(SystemError) {
        let start = try FileWriter.length(old, "fallocate")
        let end = try FileWriter.length(new, "fallocate")
        do throws(SystemError) {
            try retryingInterrupted("fallocate") { csystem_allocate(descriptor, start, end - start) }
        } catch {
            guard error.code == EOPNOTSUPP || error.code == ENOSYS else { throw error }
            try writeZeros(from: old, to: new)
        }
    }

    /// Allocates space if fallocate(2) is not supported.
    func writeZeros(from start: UInt64, to end: UInt64) throws(SystemError) {
        let zeros = [UInt8](repeating: 0, count: FileWriter.zeroPiece)
        var offset = start
        while offset < end {
            let count = Int(min(end - offset, UInt64(zeros.count)))
            try zeros.withUnsafeBufferPointer { buffer throws(SystemError) in
                try write(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<count]), at: offset)
            }
            offset += UInt64(count)
        }
    }

    /// ftruncate(2).
    func setSize(_ size: UInt64) throws(SystemError) {
        let length = try FileWriter.length(size, "ftruncate")
        try retryingInterrupted("ftruncate") { ftruncate(descriptor, length) }
    }

    /// fallocate(2), FALLOC_FL_PUNCH_HOLE.
    func punchHole(at offset: UInt64, length: UInt64) throws(SystemError) {
        let start = try FileWriter.length(offset, "fallocate")
        let end = try FileWriter.length(offset.saturatingAdd(length), "fallocate")
        try retryingInterrupted("fallocate") { csystem_punch_hole(descriptor, start, end - start) }
    }

    private static func length(_ value: UInt64, _ operation: String) throws(SystemError) -> off_t {
        guard let length = off_t(exactly: value) else { throw SystemError(operation, code: EFBIG) }
        return length
    }
}
