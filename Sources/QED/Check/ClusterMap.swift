import Glibc

/// The set of clusters that something refers to.
///
/// A bitmap in leaves of 4 KiB that exist only where clusters were marked, so that memory follows the references
/// and not the apparent size of the file (8 EiB of holes cost nothing). All of it is charged to a `MemoryBudget`;
/// once that is spent the map is `isExhausted` and its answers no longer count.
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

    /// Clusters from 0 that can be marked.
    package let clusterCount: UInt64
    package private(set) var usedCount: UInt64 = 0
    package private(set) var isExhausted = false

    private let memory: MapMemory
    private let root: UnsafeMutablePointer<Page?>?
    private let rootCount: Int
    /// Takes the marks that find no memory.
    private let spare: Leaf

    package init(clusterCount: UInt64, budget: MemoryBudget) {
        self.clusterCount = clusterCount
        rootCount = Int((clusterCount >> (ClusterMap.leafShift + ClusterMap.pageShift)) + 1)
        spare = Leaf.allocate(capacity: ClusterMap.leafWords)
        spare.initialize(repeating: 0, count: ClusterMap.leafWords)
        // Untouched pages are not there yet: a root for 8 EiB is large in address space only.
        memory = MapMemory(budget: budget)
        root = memory.allocate(rootCount, of: Page?.self, charge: min(rootCount * 8, 4096))
        isExhausted = root == nil
    }

    deinit {
        spare.deallocate()
    }

    /// Marks a cluster; true if it was marked before.
    package func mark(_ cluster: ClusterIndex) -> Bool {
        let marked = markUncounted(cluster.rawValue)
        usedCount += 1 - marked
        return marked != 0
    }

    /// Whether a cluster is marked.
    package func isMarked(_ cluster: ClusterIndex) -> Bool { uniformRun(at: cluster.rawValue).isMarked }

    /// Marks a run of clusters by whole words; returns how many were marked before.
    package func markRun(from first: ClusterIndex, count: UInt64) -> UInt64 {
        var marked: UInt64 = 0
        var cluster = first.rawValue
        var left = count
        while left > 0 {
            let leaf = leaf(at: cluster >> ClusterMap.leafShift)
            let bit = cluster & (ClusterMap.leafClusters - 1)
            let part = min(left, ClusterMap.leafClusters - bit)
            marked += ClusterMap.markBits(of: leaf, from: bit, count: part)
            cluster += part
            left -= part
        }
        usedCount += count - marked
        return marked
    }

    /// The leaf for clusters `index << leafShift` and up, made if need be.
    @inline(__always)
    func leaf(at index: UInt64) -> Leaf {
        if let root, let page = root[Int(index >> ClusterMap.pageShift)],
            let leaf = page[Int(index) & (ClusterMap.pageLeaves - 1)]
        {
            return leaf
        }
        return makeLeaf(at: index)
    }

    /// Marks a cluster for a caller that adds up itself, and then calls `addUsed`; 1 if it was marked before, else 0.
    @inline(__always)
    func markUncounted(_ cluster: UInt64) -> UInt64 {
        let leaf = leaf(at: cluster >> ClusterMap.leafShift)
        let word = Int(truncatingIfNeeded: (cluster & (ClusterMap.leafClusters - 1)) >> 6)
        let bit = cluster & 63
        let old = leaf[word]
        leaf[word] = old | (1 &<< bit)
        return (old &>> bit) & 1
    }

    /// Marks all that another map of the same size has; returns how many of them were marked before.
    func formUnion(_ other: ClusterMap) -> UInt64 {
        var shared = 0
        guard let otherRoot = other.root else { return 0 }
        for pageIndex in 0..<other.rootCount {
            guard let page = otherRoot[pageIndex] else { continue }
            for leafIndex in 0..<ClusterMap.pageLeaves {
                guard let otherLeaf = page[leafIndex] else { continue }
                let leaf = leaf(at: UInt64(pageIndex) << ClusterMap.pageShift | UInt64(leafIndex))
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

    /// Calls a function with each maximal run of unmarked clusters from `first` to the end, in order.
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

    /// The first unmarked clusters at or after `first`, and those that follow them up to `limit` in all; nil if no cluster
    /// is left.
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

    /// A number of clusters from `cluster` on that are all marked or all unmarked: as many as one look can tell.
    func uniformRun(at cluster: UInt64) -> (isMarked: Bool, length: UInt64) {
        let leafIndex = cluster >> ClusterMap.leafShift
        let pageClusters = ClusterMap.leafClusters << ClusterMap.pageShift
        guard let root, let page = root[Int(leafIndex >> ClusterMap.pageShift)] else {
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

    private static func markBits(of leaf: Leaf, from first: UInt64, count: UInt64) -> UInt64 {
        var marked = 0
        var bit = first
        let end = first + count
        while bit < end {
            let inWord = bit & 63
            let length = min(64 - inWord, end - bit)
            let mask = (length == 64 ? UInt64.max : (1 << length) - 1) << inWord
            let word = Int(bit >> 6)
            marked += (leaf[word] & mask).nonzeroBitCount
            leaf[word] |= mask
            bit += length
        }
        return UInt64(marked)
    }

    @inline(never)
    private func makeLeaf(at index: UInt64) -> Leaf {
        let pageIndex = Int(index >> ClusterMap.pageShift)
        guard !isExhausted, let root, pageIndex < rootCount else { return exhausted() }
        if root[pageIndex] == nil {
            let byteCount = ClusterMap.pageLeaves * MemoryLayout<Leaf?>.stride
            root[pageIndex] = memory.allocate(ClusterMap.pageLeaves, of: Leaf?.self, charge: byteCount)
        }
        guard let page = root[pageIndex],
            let leaf = memory.allocate(ClusterMap.leafWords, of: UInt64.self, charge: ClusterMap.leafWords * 8)
        else { return exhausted() }
        page[Int(index) & (ClusterMap.pageLeaves - 1)] = leaf
        return leaf
    }

    private func exhausted() -> Leaf {
        isExhausted = true
        // Cleared each time: a mark that found no memory must not make the next one seem shared.
        spare.update(repeating: 0, count: ClusterMap.leafWords)
        return spare
    }
}

/// The memory of one map: zeroed, charged to a budget, given back as a whole.
///
/// Leaves are cut from slabs. The first one, all that a small image needs, comes from the allocator. More are mappings
/// of their own, since the allocator would keep the memory of a large map, and once for each thread.
private final class MapMemory {
    private static let firstSlabByteCount = 64 << 10
    private static let slabByteCount = 1 << 20
    /// A line of the processor's cache.
    private static let alignment = 64

    private let budget: MemoryBudget
    private var reserved = 0
    private var firstSlab: UnsafeMutableRawPointer?
    private var mappings: [(start: UnsafeMutableRawPointer, byteCount: Int)] = []
    /// What is left of the newest slab.
    private var rest = UnsafeMutableRawBufferPointer(start: nil, count: 0)

    init(budget: MemoryBudget) { self.budget = budget }

    deinit {
        free(firstSlab)
        for mapping in mappings { munmap(mapping.start, mapping.byteCount) }
        budget.release(reserved)
    }

    /// Zeroed memory, nil if the budget or the system has none. Swift's own allocation would abort.
    ///
    /// - Parameter charge: bytes of the budget; untouched pages cost nothing.
    func allocate<Element>(_ count: Int, of type: Element.Type, charge: Int) -> UnsafeMutablePointer<Element>? {
        let size = count * MemoryLayout<Element>.stride
        let byteCount = (size + MapMemory.alignment - 1) & ~(MapMemory.alignment - 1)
        guard budget.reserve(charge) else { return nil }
        guard let memory = byteCount <= MapMemory.firstSlabByteCount ? cut(byteCount) : map(byteCount) else {
            budget.release(charge)
            return nil
        }
        reserved += charge
        return memory.bindMemory(to: Element.self, capacity: count)
    }

    private func cut(_ byteCount: Int) -> UnsafeMutableRawPointer? {
        if rest.count < byteCount {
            guard let slab = newSlab() else { return nil }
            rest = slab
        }
        let memory = rest.baseAddress
        rest = UnsafeMutableRawBufferPointer(rebasing: rest[byteCount...])
        return memory
    }

    private func newSlab() -> UnsafeMutableRawBufferPointer? {
        guard firstSlab != nil else {
            firstSlab = calloc(1, MapMemory.firstSlabByteCount)
            return firstSlab.map { UnsafeMutableRawBufferPointer(start: $0, count: MapMemory.firstSlabByteCount) }
        }
        return map(MapMemory.slabByteCount).map {
            UnsafeMutableRawBufferPointer(start: $0, count: MapMemory.slabByteCount)
        }
    }

    private func map(_ byteCount: Int) -> UnsafeMutableRawPointer? {
        let memory = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        guard let memory, memory != MAP_FAILED else { return nil }
        mappings.append((memory, byteCount))
        return memory
    }
}
