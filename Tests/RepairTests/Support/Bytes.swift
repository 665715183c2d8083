import Glibc

extension [UInt8] {
    /// Puts bytes in place of others; those that do not fit are lost.
    mutating func overwrite(_ new: [UInt8], at offset: Int) {
        let count = Swift.min(new.count, Swift.max(self.count - offset, 0))
        guard count > 0 else { return }
        withUnsafeMutableBytes { target in
            new.withUnsafeBytes { source in
                UnsafeMutableRawBufferPointer(rebasing: target[offset..<offset + count])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[..<count]))
            }
        }
    }

    /// Whether `count` bytes at an offset equal those at an offset of another array.
    func matches(_ other: [UInt8], at offset: Int, and otherOffset: Int, count: Int) -> Bool {
        guard count > 0, offset + count <= self.count, otherOffset + count <= other.count else { return count == 0 }
        return withUnsafeBytes { left in
            other.withUnsafeBytes { right in
                guard let left = left.baseAddress, let right = right.baseAddress else { return false }
                return memcmp(left + offset, right + otherOffset, count) == 0
            }
        }
    }

    /// Whether all bytes are the same: `==` looks at one after the other in a debug build.
    func isSame(as other: [UInt8]) -> Bool {
        count == other.count && matches(other, at: 0, and: 0, count: count)
    }

    /// For a set of arrays, fast.
    var quickHash: Int {
        var hasher = Hasher()
        withUnsafeBytes { hasher.combine(bytes: $0) }
        return hasher.finalize()
    }

    /// The word at an offset, least significant byte first.
    func word(at offset: Int) -> UInt64 {
        self[offset..<offset + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    mutating func setWord(_ value: UInt64, at offset: Int) {
        overwrite((0..<8).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }, at: offset)
    }
}
