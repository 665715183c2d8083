/// Where a fast pass marks the clusters that it meets.
protocol ClusterMarks: SendableMetatype {
    /// Whether no cluster was marked twice so far, as far as known, and everything could be marked.
    var isSound: Bool { get }

    /// Marks a cluster if `isUsed` is 1, and nothing if it is 0: an entry is then handled without a branch on what it is.
    mutating func mark(_ cluster: UInt64, if isUsed: UInt64)

    /// Marks the clusters at offsets, all of them valid: `offset >> shift`.
    mutating func mark(_ offsets: UnsafePointer<UInt64>, _ count: Int, shift: UInt64)

    /// Marks a run of clusters.
    mutating func markRun(from first: UInt64, count: UInt64)

    /// Marks what is still to be marked.
    mutating func finish()
}

/// Marks at once, in a map that fits the caches of one core.
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
