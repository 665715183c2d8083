/// Reads little-endian fields from bytes of a file. Bytes past the end read as zero.
struct LittleEndianReader {
    private let bytes: UnsafeRawBufferPointer

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    func uint32(at offset: Int) -> UInt32 { UInt32(truncatingIfNeeded: value(at: offset, byteCount: 4)) }

    func uint64(at offset: Int) -> UInt64 { value(at: offset, byteCount: 8) }

    private func value(at offset: Int, byteCount: Int) -> UInt64 {
        var value: UInt64 = 0
        for position in 0..<byteCount where offset + position < bytes.count {
            value |= UInt64(bytes[offset + position]) << UInt64(8 * position)
        }
        return value
    }
}

extension [UInt8] {
    /// Appends the bytes of an integer, least significant first.
    mutating func append<Integer: FixedWidthInteger>(littleEndian value: Integer) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }
}
