/// Where a file stands among all that a pool may hold, from its path below its root alone. The same on every machine and
/// in every version, since machines share a pool by it.
struct PathPosition: Hashable, Comparable, Sendable {
    /// Below 2^32, and of many paths as many in any part as in another of its length.
    let rawValue: UInt32

    /// Positions there are.
    static let count: UInt64 = 1 << 32

    static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// Makes a `PathPosition` of bytes that come one after the other: a copy that has seen a directory goes on with a name in it.
///
/// FNV-1a of 64 bits, whose high bits depend little on the last bytes, so the finaliser of MurmurHash3 mixes it; then the
/// high half. Whoever chooses the names can put many files into one shard, which makes that slow and nothing wrong.
struct PathPositionHasher: Sendable {
    private var state: UInt64 = 0xCBF2_9CE4_8422_2325

    @inline(__always) mutating func add<Bytes: Sequence<UInt8>>(_ bytes: Bytes) {
        for byte in bytes { state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    }

    var position: PathPosition {
        var mixed = state
        mixed = (mixed ^ mixed >> 33) &* 0xFF51_AFD7_ED55_8CCD
        mixed = (mixed ^ mixed >> 33) &* 0xC4CE_B9FE_1A85_EC53
        mixed ^= mixed >> 33
        return PathPosition(rawValue: UInt32(truncatingIfNeeded: mixed >> 32))
    }
}
