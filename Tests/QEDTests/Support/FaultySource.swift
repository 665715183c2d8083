import Files
import Glibc
import QED

/// An image whose reads go wrong on demand.
final class FaultySource: ImageSource {
    enum Fault: Hashable, Sendable {
        /// The n-th read fails, from 0.
        case errorOnce(Int)
        /// The n-th read and all that follow fail.
        case errorForEver(Int)
        /// The n-th read gives only half of what was asked for.
        case shortOnce(Int)
        /// The n-th and all that follow do.
        case shortForEver(Int)
    }

    private let file: ImageFile
    private let fault: Fault
    private(set) var readCount = 0
    private(set) var faultCount = 0

    init(path: String, fault: Fault) throws {
        file = try ImageFile(path: RawPath(path))
        self.fault = fault
    }

    var size: UInt64 { file.size }
    /// As if it had no holes, so that every piece is read.
    var diskSize: UInt64 { file.size }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: ByteOffset) throws(SystemError) -> Int {
        defer { readCount += 1 }
        switch fault {
        case .errorOnce(let number) where readCount == number: throw failure()
        case .errorForEver(let number) where readCount >= number: throw failure()
        case .shortOnce(let number) where readCount == number: return try readHalf(into: buffer, at: offset)
        case .shortForEver(let number) where readCount >= number: return try readHalf(into: buffer, at: offset)
        default: return try file.read(into: buffer, at: offset)
        }
    }

    func nextData(from offset: ByteOffset) throws(SystemError) -> Range<UInt64>? {
        try file.nextData(from: offset)
    }

    private func failure() -> SystemError {
        faultCount += 1
        return SystemError("pread", code: EIO)
    }

    private func readHalf(into buffer: UnsafeMutableRawBufferPointer, at offset: ByteOffset) throws(SystemError) -> Int
    {
        faultCount += 1
        return try file.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<(buffer.count / 2)]), at: offset)
    }
}
