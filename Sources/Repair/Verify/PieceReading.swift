import Files
import QED

/// Reading long ranges of an image in pieces.
enum PieceReading {
    private static let bufferSize = 1 << 20

    /// Calls a function for each piece of a length, always with the same buffer.
    static func forEachPiece(
        of length: UInt64,
        _ body: (_ done: UInt64, _ buffer: UnsafeMutableRawBufferPointer) throws(RepairFailure) -> Void
    ) throws(RepairFailure) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: Int(min(UInt64(bufferSize), length)), alignment: 4096)
        defer { buffer.deallocate() }
        var done: UInt64 = 0
        while done < length {
            let count = min(UInt64(buffer.count), length - done)
            try body(done, UnsafeMutableRawBufferPointer(rebasing: buffer[..<Int(count)]))
            done += count
        }
    }
}

extension ImageSource {
    /// Fills the buffer; bytes past the end of the source are zero.
    func readPadded(into buffer: UnsafeMutableRawBufferPointer, at offset: ByteOffset) throws(SystemError) {
        let count = try read(into: buffer, at: offset)
        let expected = min(UInt64(buffer.count), max(size, offset.rawValue) - offset.rawValue)
        guard count >= expected else { throw .unexpectedEndOfFile }
        UnsafeMutableRawBufferPointer(rebasing: buffer[count...]).initializeMemory(as: UInt8.self, repeating: 0)
    }
}
