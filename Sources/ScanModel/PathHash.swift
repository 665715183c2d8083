import Files

/// A hash that stands for a path. Each process draws its own function, so that nobody can prepare two paths with the
/// same hash: two paths of n bytes have one with a probability of n / 2^63.
package struct PathHash: Hashable, Sendable {
    fileprivate let rawValue: UInt64

    package init(_ path: RawPath) { self = path.bytes.withUnsafeBytes { PathHash(bytes: $0) } }

    /// Of a path's bytes.
    package init(bytes: UnsafeRawBufferPointer) {
        var hasher = PathHasher()
        hasher.add(bytes)
        self = hasher.hash
    }

    fileprivate init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// Makes a `PathHash` from bytes in pieces: a copy that has seen a directory continues with a name in it.
///
/// A polynomial modulo the prime 2^61 - 1, whose coefficients are seven bytes each and how many they are.
package struct PathHasher: Sendable {
    private static let prime: UInt64 = (1 << 61) - 1
    private static let point = UInt64.random(in: (1 << 56)..<prime)

    private let point = PathHasher.point
    private var sum: UInt64 = 0
    private var word: UInt64 = 0
    private var count: UInt64 = 0

    package init() {}

    package mutating func add(_ bytes: UnsafeRawBufferPointer) {
        for byte in bytes { add(byte) }
    }

    @inline(__always) private mutating func add(_ byte: UInt8) {
        word = word << 8 | UInt64(byte)
        count &+= 1
        guard count == 7 else { return }
        sum = sumWithWord
        (word, count) = (0, 0)
    }

    package var hash: PathHash { PathHash(rawValue: sumWithWord) }

    /// Less than 2^62, as all sums are, so that nothing overflows. 2^61 is 1 here.
    private var sumWithWord: UInt64 {
        let (high, low) = sum.multipliedFullWidth(by: point)
        let next = (low & PathHasher.prime) &+ (low >> 61 | high << 3) &+ (count << 56 | word)
        return (next & PathHasher.prime) &+ (next >> 61)
    }
}
