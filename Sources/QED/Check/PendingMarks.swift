/// Collects clusters by part of a large map, and marks so many of one part at a time.
///
/// Entries of a disordered image refer to clusters all over the file. Marked one by one, each would be a miss of the
/// nearer caches; together those of one part find it there, and its lock is taken once.
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
        // Written in any case, and kept only if used.
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
        // A part that nothing refers to takes no memory.
        if !clusters.isEmpty, map.mark(clusters, ofPart: part) { isShared = true }
    }
}

/// The buffers of `PendingMarks`, one for each part of a map, charged to a budget.
final class PendingClusters {
    /// Clusters that all buffers hold together: 2 MiB, about what a core's second-level cache has.
    private static let totalCapacity = 1 << 19
    /// More at a time of one part would not make marking them cheaper.
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
        // Not a power of two: buffers that fill alike must not all want the same lines of the cache.
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

    /// Appends if `count` is 1. True if the part's buffer is now full.
    @inline(__always)
    func append(_ cluster: UInt32, toPart part: Int, count: Int) -> Bool {
        let old = counts[part]
        clusters[part &* stride &+ old] = cluster
        counts[part] = old &+ count
        return old &+ count == capacity
    }

    /// What is collected of a part, which is empty then.
    func taking(_ part: Int) -> UnsafeBufferPointer<UInt32> {
        defer { counts[part] = 0 }
        return UnsafeBufferPointer(start: clusters + part * stride, count: counts[part])
    }
}
