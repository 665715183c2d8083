/// Marks the clusters that a fast pass meets.
protocol ClusterMarks: SendableMetatype {
    /// Whether, as far as known, no cluster was marked twice and all could be marked.
    var isSound: Bool { get }

    /// Marks a cluster if `isUsed` is 1, and nothing if it is 0: callers need no branch.
    mutating func mark(_ cluster: UInt64, if isUsed: UInt64)

    /// Marks the clusters `offset >> shift`. All offsets are valid.
    mutating func mark(_ offsets: UnsafePointer<UInt64>, _ count: Int, shift: UInt64)

    /// Marks a run of clusters.
    mutating func markRun(from first: UInt64, count: UInt64)

    /// Marks what is still pending.
    mutating func finish()
}

/// Marks clusters immediately, in a map that fits into the caches of one core.
struct DirectMarks: ClusterMarks {
    let map: ClusterMap
    private var shared: UInt64 = 0

    init(_ map: ClusterMap) { self.map = map }

    var isSound: Bool { shared == 0 && !map.isExhausted }

    @inline(__always)
    mutating func mark(_ cluster: UInt64, if isUsed: UInt64) {
        shared |= map.markUncounted(cluster, if: isUsed)
    }

    mutating func mark(_ offsets: UnsafePointer<UInt64>, _ count: Int, shift: UInt64) {
        for position in 0..<count { shared |= map.markUncounted(offsets[position] &>> shift, if: 1) }
    }

    mutating func markRun(from first: UInt64, count: UInt64) {
        shared |= map.markRunUncounted(from: first, count: count)
    }

    mutating func finish() {}
}

/// Collects clusters by parts of a large map, and marks many clusters of one part together.
///
/// The entries of a disordered image refer to clusters all over the file. If they were marked one by one, each would
/// miss the near caches. Those of one part, marked together, find it in the cache, and its lock is taken once.
struct PendingMarks: ClusterMarks {
    private let map: SharedClusterMap
    private let buffers: PendingClusters
    private var isShared = false

    init(_ map: SharedClusterMap, _ buffers: PendingClusters) {
        self.map = map
        self.buffers = buffers
    }

    var isSound: Bool { !isShared && !map.map.isExhausted }

    @inline(__always)
    mutating func mark(_ cluster: UInt64, if isUsed: UInt64) {
        let part = Int(truncatingIfNeeded: cluster &>> map.partShift)
        // It is always written, but kept only if used.
        if buffers.append(UInt32(truncatingIfNeeded: cluster), toPart: part, count: Int(isUsed)) { flush(part) }
    }

    mutating func mark(_ offsets: UnsafePointer<UInt64>, _ count: Int, shift: UInt64) {
        let (buffers, partShift) = (buffers, shift + map.partShift)
        for position in 0..<count {
            let offset = offsets[position]
            let part = Int(truncatingIfNeeded: offset &>> partShift)
            if buffers.append(UInt32(truncatingIfNeeded: offset &>> shift), toPart: part, count: 1) { flush(part) }
        }
    }

    mutating func markRun(from first: UInt64, count: UInt64) {
        if map.markRun(from: first, count: count) { isShared = true }
    }

    mutating func finish() {
        for part in 0..<map.partCount { flush(part) }
    }

    @inline(never)
    private mutating func flush(_ part: Int) {
        let clusters = buffers.taking(part)
        // A part without references takes no memory.
        if !clusters.isEmpty, map.mark(clusters, ofPart: part) { isShared = true }
    }
}

/// The buffers of `PendingMarks`, one for each part of a map, charged to a budget.
final class PendingClusters {
    /// How many clusters all buffers hold together: 2 MiB, about the size of a core's second-level cache.
    private static let totalCapacity = 1 << 19
    /// More clusters at a time would not make marking cheaper.
    private static let greatestCapacity = 4096

    private let capacity: Int
    private let stride: Int
    private let clusters: UnsafeMutablePointer<UInt32>
    private let counts: UnsafeMutablePointer<Int>
    private let budget: MemoryBudget
    private let byteCount: Int

    /// Fails if the budget has no memory.
    init?(partCount: Int, budget: MemoryBudget) {
        capacity = max(min(PendingClusters.totalCapacity / partCount, PendingClusters.greatestCapacity), 1)
        // Not a power of two: buffers that fill at the same rate must not compete for the same cache lines.
        stride = capacity + 16
        byteCount = partCount * stride * MemoryLayout<UInt32>.stride
        guard budget.reserve(byteCount) else { return nil }
        self.budget = budget
        clusters = .allocate(capacity: partCount * stride)
        counts = .allocate(capacity: partCount)
        counts.initialize(repeating: 0, count: partCount)
    }

    deinit {
        clusters.deallocate()
        counts.deallocate()
        budget.release(byteCount)
    }

    /// Appends a cluster if `count` is 1. Returns whether the part's buffer is full now.
    @inline(__always)
    func append(_ cluster: UInt32, toPart part: Int, count: Int) -> Bool {
        let old = counts[part]
        clusters[part &* stride &+ old] = cluster
        counts[part] = old &+ count
        return old &+ count == capacity
    }

    /// Empties the buffer of a part and returns its clusters.
    func taking(_ part: Int) -> UnsafeBufferPointer<UInt32> {
        defer { counts[part] = 0 }
        return UnsafeBufferPointer(start: clusters + part * stride, count: counts[part])
    }
}
