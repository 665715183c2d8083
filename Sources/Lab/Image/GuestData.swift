/// The bytes that a guest finds on its disk: a function of the seed and the guest offset, so that any cluster can be
/// told from every other and a copy verified.
package enum GuestData {
    /// The bytes of a range of the guest's disk. The offset is a multiple of 8.
    package static func bytes(seed: UInt64, guestOffset: UInt64, count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            fill(UnsafeMutableRawBufferPointer(buffer), seed: seed, guestOffset: guestOffset)
            initialized = count
        }
    }

    static func fill(_ buffer: UnsafeMutableRawBufferPointer, seed: UInt64, guestOffset: UInt64) {
        var position = 0
        while position < buffer.count {
            let word = SeededRandom.value(seed: seed, index: (guestOffset + UInt64(position)) / 8).littleEndian
            let length = min(8, buffer.count - position)
            withUnsafeBytes(of: word) { bytes in
                UnsafeMutableRawBufferPointer(rebasing: buffer[position..<position + length])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<length]))
            }
            position += length
        }
    }
}
