import Files
import Glibc

/// A file open for reading and writing. Each failure names the file.
final class LabFile {
    let path: RawPath
    private let descriptor: Int32

    /// Opens a file that exists.
    convenience init(opening path: RawPath) throws(LabError) {
        try self.init(path, flags: O_RDWR)
    }

    /// Creates a file, or empties an existing one.
    convenience init(creating path: RawPath) throws(LabError) {
        try self.init(path, flags: O_RDWR | O_CREAT | O_TRUNC)
    }

    private init(_ path: RawPath, flags: Int32) throws(LabError) {
        self.path = path
        descriptor = try labCall("open", path) { path.withCString { open($0, flags | O_CLOEXEC, 0o644) } }
    }

    deinit { close(descriptor) }

    /// Bytes.
    func size() throws(LabError) -> UInt64 {
        var status = stat()
        try labCall("fstat", path) { fstat(descriptor, &status) }
        return UInt64(max(status.st_size, 0))
    }

    /// Sets the length of the file in bytes. A new part is a hole.
    func truncate(to length: UInt64) throws(LabError) {
        guard let length = off_t(exactly: length) else { throw failure("ftruncate: the length is too large") }
        try labCall("ftruncate", path) { ftruncate(descriptor, length) }
    }

    /// Extends the file to a length or, if the file system does not allow that, to the largest allowed power of two
    /// less a block. Returns the length.
    func extend(toAtMost length: UInt64) throws(LabError) -> UInt64 {
        // The largest files of file systems are just short of a power of two.
        let block: UInt64 = 1 << 26
        var candidates = [min(length, UInt64(off_t.max) & ~(block - 1))]
        candidates += (30..<63).reversed().map { (1 << $0) - block }.filter { $0 < length }
        for candidate in candidates {
            if let length = off_t(exactly: candidate), ftruncate(descriptor, length) == 0 { return candidate }
            guard errno == EFBIG || errno == EINVAL || errno == EINTR else { break }
        }
        throw failure("ftruncate: no length is allowed")
    }

    /// Reads bytes from an offset; fewer at the end of the file.
    func read(at offset: UInt64, count: Int) throws(LabError) -> [UInt8] {
        guard let start = off_t(exactly: offset), start <= off_t.max - off_t(count) else {
            throw failure("pread: the offset is too large")
        }
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let length = try labCall("pread", path) {
                bytes.withUnsafeMutableBytes { buffer in
                    let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
                    return pread(descriptor, rest.baseAddress, rest.count, start + off_t(filled))
                }
            }
            if length == 0 { break }
            filled += length
        }
        return Array(bytes.prefix(filled))
    }

    /// Writes all the bytes at an offset.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(LabError) {
        guard let start = off_t(exactly: offset), start <= off_t.max - off_t(bytes.count) else {
            throw failure("pwrite: the offset is too large")
        }
        var written = 0
        while written < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
            written += try labCall("pwrite", path) {
                pwrite(descriptor, rest.baseAddress, rest.count, start + off_t(written))
            }
        }
    }

    /// Writes all the bytes at an offset.
    func write(_ bytes: [UInt8], at offset: UInt64) throws(LabError) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 8)
        defer { buffer.deallocate() }
        buffer.copyBytes(from: bytes)
        try write(UnsafeRawBufferPointer(buffer), at: offset)
    }

    func failure(_ reason: String) -> LabError { LabError(path: path.text, reason: reason) }
}

/// Makes a system call until no signal interrupts it. An error names the path.
@discardableResult
func labCall<Result: FixedWidthInteger & SignedInteger>(
    _ operation: String, _ path: RawPath, _ call: () -> Result
) throws(LabError) -> Result {
    do throws(SystemError) {
        return try retryingInterrupted(operation, call)
    } catch {
        throw LabError(path: path, error)
    }
}
