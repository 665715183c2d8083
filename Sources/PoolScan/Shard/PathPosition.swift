import Files

/// Where a file stands among all that a pool may hold. It depends on the path below the root alone, and is the same on
/// every machine and in every version: machines share a pool by it.
struct PathPosition: Hashable, Comparable, Sendable {
    /// Below 2^32. Of many paths, ranges of the same length have about the same number.
    let rawValue: UInt32

    /// The number of positions.
    static let count: UInt64 = 1 << 32

    static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// Makes a `PathPosition` from bytes in pieces: a copy that has seen a directory continues with a name in it.
///
/// It is FNV-1a of 64 bits. Its high bits depend little on the last bytes, so the finaliser of MurmurHash3 mixes it,
/// and the high half is taken. Whoever chooses the names can put many files into one shard, which makes that one slow,
/// but not wrong.
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

/// The roots of a scan, resolved, in the order given. A path belongs to the first root that it is or is below, and its
/// position comes from the rest of the path.
///
/// Roots that are added later do not change that, so a path has the same position during the walk and at its end.
struct RootOrder: Sendable {
    private var numbers: [RawPath: Int] = [:]
    /// Whether a root is a file, so that a file in a directory may be a root itself.
    private var hasFiles = false

    mutating func add(_ path: RawPath, isFile: Bool) {
        if numbers[path] == nil { numbers[path] = numbers.count }
        hasFiles = hasFiles || isFile
    }

    func contains(_ path: RawPath) -> Bool { numbers[path] != nil }

    /// The position of a path below the roots. The position of a root is that of its last name.
    func position(of path: RawPath) -> PathPosition {
        var hasher = PathPositionHasher()
        hasher.add(path.bytes[start(in: path)...])
        return hasher.position
    }

    /// The positions of the names in a directory.
    func positions(in directory: RawPath) -> DirectoryPositions {
        let path = directory.appending([])
        var hasher = PathPositionHasher()
        hasher.add(path.bytes[start(in: path)...])
        return DirectoryPositions(directory: directory, hasher: hasher, roots: hasFiles ? self : nil)
    }

    /// Where the part of a path below its root begins.
    private func start(in path: RawPath) -> Int {
        var first = numbers[path] ?? .max
        var start = first == .max ? 0 : path.lastNameStart
        for ancestor in path.ancestors {
            guard let number = numbers[ancestor.path], number < first else { continue }
            (first, start) = (number, ancestor.restStart)
        }
        return start
    }
}

/// The positions of the names in one directory, whose path is hashed once.
struct DirectoryPositions {
    fileprivate let directory: RawPath
    fileprivate let hasher: PathPositionHasher
    /// nil if no name in the directory can be a root.
    fileprivate let roots: RootOrder?

    /// - Parameter name: with the NUL at its end.
    func position(of name: UnsafeBufferPointer<UInt8>) -> PathPosition {
        let name = UnsafeBufferPointer(rebasing: name.dropLast())
        if let roots { return roots.position(of: directory.appending(Array(name))) }
        var hasher = hasher
        hasher.add(name)
        return hasher.position
    }
}
