import Files
import Synchronization

/// The set of clusters that something refers to.
///
/// It is a bitmap in leaves of 4 KiB, which exist only where clusters are marked. So its memory depends on the
/// references and not on the apparent size of the file: 8 EiB of holes cost nothing. All memory is charged to a
/// `MemoryBudget`. When that is used up, the map is `isExhausted`, and its answers mean nothing.
///
/// Shape: `root[page][leaf][word]`; a leaf has 2^15 bits, a page 2^12 leaves.
package final class ClusterMap {
    package typealias Leaf = UnsafeMutablePointer<UInt64>
    private typealias Page = UnsafeMutablePointer<Leaf?>

    static let leafShift: UInt64 = 15
    static let leafClusters: UInt64 = 1 << leafShift
    private static let leafWords = 1 << (leafShift - 6)
    private static let pageShift: UInt64 = 12
    private static let pageLeaves = 1 << Int(pageShift)
    static let pageClusterShift = leafShift + pageShift

    /// How many clusters, from 0 on, can be marked.
    package let clusterCount: UInt64
    package private(set) var usedCount: UInt64 = 0
    private let ranOut: Atomic<Bool>

    private let memory: MapMemory
    private let root: UnsafeMutablePointer<Page?>?
    private let rootCount: Int
    /// One past the last page: pages after it need not be searched.
    private var pageEnd = 0
    /// Fewer in the only page of a small map.
    private let leavesPerPage: Int

    package init(clusterCount: UInt64, budget: MemoryBudget) {
        self.clusterCount = clusterCount
        rootCount = Int((clusterCount >> ClusterMap.pageClusterShift) + 1)
        leavesPerPage = rootCount > 1 ? ClusterMap.pageLeaves : Int(clusterCount >> ClusterMap.leafShift) + 1
        // Untouched memory costs nothing: a root for 8 EiB takes only address space.
        memory = MapMemory(budget: budget)
        root = memory.allocate(rootCount, of: Page?.self, charge: min(rootCount * 8, 4096))
        ranOut = Atomic(root == nil)
    }

    /// Whether memory has run out for some mark.
    package var isExhausted: Bool { ranOut.load(ordering: .relaxed) }

    /// Marks a cluster. Returns whether it was marked before.
    package func mark(_ cluster: ClusterIndex) -> Bool {
        let marked = markUncounted(cluster.rawValue, if: 1)
        usedCount += 1 - marked
        return marked != 0
    }

    /// Whether a cluster is marked.
    package func isMarked(_ cluster: ClusterIndex) -> Bool { uniformRun(at: cluster.rawValue).isMarked }

    /// Marks a run of clusters by whole words. Returns how many were marked before.
    package func markRun(from first: ClusterIndex, count: UInt64) -> UInt64 {
        let marked = markRunUncounted(from: first.rawValue, count: count)
        usedCount += count - marked
        return marked
    }

    /// Marks a run of clusters for a caller that counts itself. Returns how many were marked before.
    func markRunUncounted(from first: UInt64, count: UInt64) -> UInt64 {
        var marked: UInt64 = 0
        var cluster = first
        var left = count
        while left > 0 {
            guard let leaf = leaf(at: cluster >> ClusterMap.leafShift) else { break }
            let bit = cluster & (ClusterMap.leafClusters - 1)
            let part = min(left, ClusterMap.leafClusters - bit)
            marked += leaf.markBits(from: bit, count: part)
            cluster += part
            left -= part
        }
        return marked
    }

    /// The leaf for clusters from `index << leafShift` on, which is made if needed; nil if there is no memory for it.
    @inline(__always)
    func leaf(at index: UInt64) -> Leaf? {
        if let root, let page = root[Int(index >> ClusterMap.pageShift)],
            let leaf = page[Int(index) & (ClusterMap.pageLeaves - 1)]
        {
            return leaf
        }
        return makeLeaf(at: index)
    }

    /// Marks a cluster if `isUsed` is 1, for a caller that counts itself and then calls `addUsed`. Returns 1 if
    /// `isUsed` is 1 and the cluster was marked before, else 0.
    @inline(__always)
    func markUncounted(_ cluster: UInt64, if isUsed: UInt64) -> UInt64 {
        guard let leaf = leaf(at: cluster >> ClusterMap.leafShift) else { return 0 }
        let word = Int(truncatingIfNeeded: (cluster & (ClusterMap.leafClusters - 1)) >> 6)
        let bit = cluster & 63
        let old = leaf[word]
        leaf[word] = old | (isUsed &<< bit)
        return (old &>> bit) & isUsed
    }

    /// Makes all pages, so that threads that mark different leaves do not interfere. Returns false if no memory is
    /// left.
    func makeAllPages() -> Bool {
        guard let root else { return false }
        for index in 0..<rootCount where root[index] == nil {
            root[index] = newPage()
            guard root[index] != nil else { return false }
        }
        pageEnd = rootCount
        return true
    }

    /// Makes the leaves for clusters from `first` on, all in one existing page, and next to each other in memory.
    /// Returns nil if no memory is left.
    func makeLeaves(from first: UInt64, leafCount: Int) -> Leaf? {
        let index = Int(first >> ClusterMap.leafShift)
        let wordCount = leafCount * ClusterMap.leafWords
        guard let page = root?[index >> Int(ClusterMap.pageShift)],
            let leaves = memory.allocate(wordCount, of: UInt64.self, charge: wordCount * 8)
        else { return exhausted() }
        let place = index & (ClusterMap.pageLeaves - 1)
        for leaf in 0..<min(leafCount, leavesPerPage - place) {
            page[place + leaf] = leaves + leaf * ClusterMap.leafWords
        }
        return leaves
    }

    /// Marks all clusters that are marked in another map of the same size. Returns how many were marked before.
    func formUnion(_ other: ClusterMap) -> UInt64 {
        var shared = 0
        guard let otherRoot = other.root else { return 0 }
        for pageIndex in 0..<other.rootCount {
            guard let page = otherRoot[pageIndex] else { continue }
            for leafIndex in 0..<other.leavesPerPage {
                guard let otherLeaf = page[leafIndex] else { continue }
                guard let leaf = leaf(at: UInt64(pageIndex) << ClusterMap.pageShift | UInt64(leafIndex)) else {
                    return UInt64(shared)
                }
                for word in 0..<ClusterMap.leafWords {
                    shared += (leaf[word] & otherLeaf[word]).nonzeroBitCount
                    leaf[word] |= otherLeaf[word]
                }
            }
        }
        usedCount += other.usedCount - UInt64(shared)
        return UInt64(shared)
    }

    /// Adds clusters that `markUncounted` marked.
    func addUsed(_ count: UInt64) { usedCount += count }

    /// Calls a function for each maximal run of unmarked clusters from `first` to the end, in order.
    package func forEachUnmarkedRun(from first: ClusterIndex, _ body: (_ start: ClusterIndex, _ count: UInt64) -> Void)
    {
        var runStart: UInt64?
        var cluster = first.rawValue
        while cluster < clusterCount {
            let (isMarked, length) = uniformRun(at: cluster)
            if isMarked {
                if let start = runStart { body(ClusterIndex(start), cluster - start) }
                runStart = nil
            } else if runStart == nil {
                runStart = cluster
            }
            cluster += min(length, clusterCount - cluster)
        }
        if let start = runStart { body(ClusterIndex(start), clusterCount - start) }
    }

    /// The first run of unmarked clusters at or after `first`, cut at `limit` clusters; nil if none is left.
    func unmarkedRun(from first: ClusterIndex, limit: UInt64) -> Range<UInt64>? {
        var start = first.rawValue
        while start < clusterCount, case let run = uniformRun(at: start), run.isMarked { start += run.length }
        guard start < clusterCount else { return nil }
        let last = start + min(limit, clusterCount - start)
        var end = start
        while end < last, case let run = uniformRun(at: end), !run.isMarked { end += run.length }
        return start..<min(end, last)
    }

    // MARK: - Non public

    /// Whether a cluster is marked, and for how many clusters from it on that is known with one look.
    func uniformRun(at cluster: UInt64) -> (isMarked: Bool, length: UInt64) {
        let leafIndex = cluster >> ClusterMap.leafShift
        let pageClusters = ClusterMap.leafClusters << ClusterMap.pageShift
        let pageIndex = Int(leafIndex >> ClusterMap.pageShift)
        guard pageIndex < pageEnd else { return (false, max(clusterCount, cluster.saturatingAdd(1)) - cluster) }
        guard let root, let page = root[pageIndex] else {
            return (false, pageClusters - cluster & (pageClusters - 1))
        }
        let bit = cluster & (ClusterMap.leafClusters - 1)
        guard let leaf = page[Int(leafIndex) & (ClusterMap.pageLeaves - 1)] else {
            return (false, ClusterMap.leafClusters - bit)
        }
        let word = leaf[Int(bit >> 6)] >> (bit & 63)
        let isMarked = word & 1 != 0
        let same = UInt64((isMarked ? ~word : word).trailingZeroBitCount)
        return (isMarked, min(same, 64 - bit & 63))
    }

    @inline(never)
    private func makeLeaf(at index: UInt64) -> Leaf? {
        let pageIndex = Int(index >> ClusterMap.pageShift)
        guard !isExhausted, let root, pageIndex < rootCount else { return exhausted() }
        if root[pageIndex] == nil {
            root[pageIndex] = newPage()
            pageEnd = max(pageEnd, pageIndex + 1)
        }
        let leaf = memory.allocate(ClusterMap.leafWords, of: UInt64.self, charge: ClusterMap.leafWords * 8)
        guard let page = root[pageIndex], let leaf else { return exhausted() }
        page[Int(index) & (ClusterMap.pageLeaves - 1)] = leaf
        return leaf
    }

    private func newPage() -> Page? {
        memory.allocate(leavesPerPage, of: Leaf?.self, charge: leavesPerPage * MemoryLayout<Leaf?>.stride)
    }

    private func exhausted() -> Leaf? {
        ranOut.store(true, ordering: .relaxed)
        return nil
    }
}

extension UnsafeMutablePointer<UInt64> {
    /// Sets a run of bits by whole words. Returns how many were set before.
    func markBits(from first: UInt64, count: UInt64) -> UInt64 {
        var marked = 0
        var bit = first
        let end = first + count
        while bit < end {
            let inWord = bit & 63
            let length = Swift.min(64 - inWord, end - bit)
            let mask = (length == 64 ? UInt64.max : (1 << length) - 1) << inWord
            let word = Int(bit >> 6)
            let old = self[word]
            // Mostly there are none, and not every processor counts bits with one instruction.
            if old & mask != 0 { marked += (old & mask).nonzeroBitCount }
            self[word] = old | mask
            bit += length
        }
        return UInt64(marked)
    }
}
