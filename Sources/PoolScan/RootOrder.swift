import Files

/// The roots of a scan, resolved, in the order given. A path is below the first of them that it is or is in, and its
/// position is that of what comes after.
///
/// Of the roots after the one that is walked none changes that: so the position of a path is the same while the walk is
/// under way and at its end.
struct RootOrder: Sendable {
    private var numbers: [RawPath: Int] = [:]
    /// Whether a root is no directory, so that a file in a directory may be a root itself.
    private var hasFiles = false

    mutating func add(_ path: RawPath, isFile: Bool) {
        if numbers[path] == nil { numbers[path] = numbers.count }
        hasFiles = hasFiles || isFile
    }

    func contains(_ path: RawPath) -> Bool { numbers[path] != nil }

    /// The position of a path below the roots. Of a root itself it is that of its last name.
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

    /// Where what counts of a path begins.
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

    func position(of entry: Directory.Entry) -> PathPosition {
        if let roots { return roots.position(of: directory.appending(entry.nameBytes)) }
        var hasher = hasher
        hasher.add(UnsafeBufferPointer(rebasing: entry.name.dropLast()))
        return hasher.position
    }
}
