import CSystem
import Files

/// A map in which several threads mark clusters, each in one part at a time.
///
/// A part fits into the caches of a core unless that would give more than `partLimit` parts. It is allocated as a
/// whole. `@unchecked Sendable`: a part is touched only with its lock held; all pages of the map exist from the start,
/// and the map is read only when all threads have ended.
final class SharedClusterMap: @unchecked Sendable {
    private static let partLimit: UInt64 = 512
    private static let leastPartShift: UInt64 = 18
    /// Memory is allocated by parts. Larger ones could take much more than the references need.
    private static let greatestPartShift: UInt64 = 24

    let map: ClusterMap
    /// log2 of the clusters in a part.
    let partShift: UInt64
    private let parts: [Locked<Part>]

    /// nil while nothing in it is marked.
    private typealias Part = ClusterMap.Leaf?

    var partCount: Int { parts.count }

    /// Fails if this many clusters would make the parts too large, or if the budget has no memory.
    init?(clusterCount: UInt64, budget: MemoryBudget) {
        var shift = SharedClusterMap.leastPartShift
        while clusterCount >> shift >= SharedClusterMap.partLimit { shift += 1 }
        guard shift <= SharedClusterMap.greatestPartShift else { return nil }
        map = ClusterMap(clusterCount: clusterCount, budget: budget)
        guard map.makeAllPages() else { return nil }
        partShift = shift
        parts = (0...(clusterCount >> shift)).map { _ in Locked(nil) }
    }

    /// Marks clusters of one part, given by the low bits of their numbers. Returns whether any was marked before.
    func mark(_ clusters: UnsafeBufferPointer<UInt32>, ofPart index: Int) -> Bool {
        withPart(UInt64(index)) { part in
            let wordCount = 1 << Int(partShift - 6)
            // If most cache lines will be needed, fetch them in order before they are needed in disorder.
            if clusters.count >= wordCount / 8 {
                for word in stride(from: 0, to: wordCount, by: 8) { csystem_prefetch(part + word) }
            }
            let mask = 1 &<< partShift &- 1
            var shared: UInt64 = 0
            for cluster in clusters {
                let cluster = UInt64(cluster) & mask
                let word = Int(truncatingIfNeeded: cluster &>> 6)
                let old = part[word]
                part[word] = old | 1 &<< (cluster & 63)
                shared |= old &>> (cluster & 63)
            }
            return shared & 1 != 0
        }
    }

    /// Marks a run of clusters. Returns whether any was marked before.
    func markRun(from first: UInt64, count: UInt64) -> Bool {
        var isShared = false
        var cluster = first
        let end = first + count
        while cluster < end {
            let index = cluster >> partShift
            let start = index << partShift
            let partEnd = min(end, start + 1 << partShift)
            let wasShared = withPart(index) { $0.markBits(from: cluster - start, count: partEnd - cluster) != 0 }
            isShared = isShared || wasShared
            cluster = partEnd
        }
        return isShared
    }

    /// Calls a function with a part. Returns false, without calling it, if no memory is left for the part.
    private func withPart(_ index: UInt64, _ body: (ClusterMap.Leaf) -> Bool) -> Bool {
        parts[Int(index)].withLock { part in
            let leafCount = 1 << Int(partShift - ClusterMap.leafShift)
            part = part ?? map.makeLeaves(from: index << partShift, leafCount: leafCount)
            return part.map(body) ?? false
        }
    }
}
