import Files

/// A hash of a path that stands for it. Drawn anew in each process, so that nobody can make two paths alike: any two of n
/// bytes are with a probability of n / 2^63.
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

/// Makes a `PathHash` of bytes that come one after the other: a copy that has seen a directory goes on with a name in it.
///
/// A polynomial modulo the prime 2^61 - 1, whose coefficients are seven bytes each and how many they are.
struct PathHasher: Sendable {
    private static let prime: UInt64 = (1 << 61) - 1
    private static let point = UInt64.random(in: (1 << 56)..<prime)

    private let point = PathHasher.point
    private var sum: UInt64 = 0
    private var word: UInt64 = 0
    private var count: UInt64 = 0

    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        for byte in bytes { add(byte) }
    }

    @inline(__always) mutating func add(_ byte: UInt8) {
        word = word << 8 | UInt64(byte)
        count &+= 1
        guard count == 7 else { return }
        sum = sumWithWord
        (word, count) = (0, 0)
    }

    var hash: PathHash { PathHash(rawValue: sumWithWord) }

    /// Less than 2^62, as all sums are, so that nothing overflows. 2^61 is 1 here.
    private var sumWithWord: UInt64 {
        let (high, low) = sum.multipliedFullWidth(by: point)
        let next = (low & PathHasher.prime) &+ (low >> 61 | high << 3) &+ (count << 56 | word)
        return (next & PathHasher.prime) &+ (next >> 61)
    }
}
