/// Proves that the tables of an image give no finding, and counts their entries.
///
/// - What it tests: everything that `TablePass` tests.
/// - What it leaves: naming what is wrong. At the first problem `isSound` becomes false. The counters then mean
///   nothing, and `TablePass` walks the tables again from the start.
///
/// The order of the tables does not matter, so several passes can share the tables of an image, in the order of the
/// file.
struct FastPass<Marks: ClusterMarks>: TableVisitor {
    private let geometry: Geometry
    private let regular: RegularOffsets
    private let steps: ClusterSteps
    private(set) var marks: Marks
    private(set) var counts = EntryCounts()
    private(set) var isSound = true
    /// The data cluster before the current one; 0 at the start of a table.
    private var lastOffset: UInt64 = 0

    /// Clusters of tables that this pass has marked.
    private var tableClusters: UInt64 = 0

    /// - Parameter claimsL1Table: whether this pass marks the clusters of the L1 table; one of several must.
    init(geometry: Geometry, marks: Marks, claimsL1Table: Bool) {
        self.geometry = geometry
        regular = RegularOffsets(geometry)
        steps = ClusterSteps(clusterSize: geometry.clusterSize)
        self.marks = marks
        if claimsL1Table { markTable(at: geometry.l1TableOffset) }
    }

    /// Clusters that the pass has marked. In a sound image all are different.
    var usedClusters: UInt64 { counts.allocated + tableClusters }

    var isFinished: Bool { !isSound || !marks.isSound }

    mutating func visitL1Entry(_ value: UInt64, at l1Index: Int) -> Bool {
        lastOffset = 0
        let table = ByteOffset(value)
        guard geometry.fault(ofTableAt: table) == nil,
            geometry.guestRange(from: TableIndex(l1Index: l1Index), entryCount: 1).length > 0
        else {
            isSound = false
            return false
        }
        markTable(at: table)
        return !isFinished
    }

    mutating func visitL2Entries(_ entries: UnsafeBufferPointer<UInt64>, at firstL2Index: Int, of l1Index: Int) {
        let inImage = geometry.entriesInImage(of: l1Index, from: firstL2Index, count: entries.count)
        guard let first = entries.baseAddress else { return }
        count(first, inImage)
        if entries.indexOfNonzero(from: inImage) != entries.count { isSound = false }
    }

    /// Marks what is still pending.
    mutating func finish() { marks.finish() }

    private mutating func markTable(at table: ByteOffset) {
        marks.markRun(from: geometry.cluster(at: table).rawValue, count: geometry.tableClusters)
        tableClusters += geometry.tableClusters
    }

    /// Counts and marks entries by blocks of four kinds: all zeros, as in most tables of most images; runs of
    /// consecutive clusters, as sequential writing makes them; other data clusters; and any mixture. A block is mostly
    /// followed by more of its kind.
    private mutating func count(_ entries: UnsafePointer<UInt64>, _ entryCount: Int) {
        var position = 0
        while entryCount - position >= EntryBlock.count {
            let start = entries + position
            let left = entryCount - position
            let block = EntryBlock(start)
            if block.isZero {
                position += EntryBlock.count
            } else if block.isRun(steps) {
                let length = steps.runLength(start, left)
                countRun(from: start[0], length: UInt64(length))
                position += length
            } else {
                let length = regular.lengthOfData(start, min(left, EntryBlock.stretch), steps)
                if length > 0 { countData(start, length) } else { countMixture(start, EntryBlock.count) }
                position += max(length, EntryBlock.count)
            }
        }
        countMixture(entries + position, entryCount - position)
    }

    private mutating func countRun(from first: UInt64, length: UInt64) {
        let last = first &+ (length &- 1) &* steps.clusterSize
        guard regular.contains(first), regular.contains(last) else {
            isSound = false
            return
        }
        counts.allocated += length
        if lastOffset != 0, first != lastOffset &+ steps.clusterSize { counts.fragmented += 1 }
        lastOffset = last
        marks.markRun(from: first &>> regular.shift, count: length)
    }

    /// Counts entries that are all valid data clusters.
    private mutating func countData(_ entries: UnsafePointer<UInt64>, _ entryCount: Int) {
        let clusterSize = steps.clusterSize
        var fragmented: UInt64 = lastOffset != 0 && entries[0] != lastOffset &+ clusterSize ? 1 : 0
        for position in 1..<max(entryCount, 1) {
            fragmented &+= bit(entries[position] != entries[position &- 1] &+ clusterSize)
        }
        counts.fragmented += fragmented
        counts.allocated += UInt64(entryCount)
        lastOffset = entries[entryCount - 1]
        marks.mark(entries, entryCount, shift: regular.shift)
    }

    /// Counts any entries, without a branch on their kind.
    private mutating func countMixture(_ entries: UnsafePointer<UInt64>, _ entryCount: Int) {
        let regular = regular
        var last = lastOffset
        var (allocated, zero, fragmented, invalid) = (UInt64(0), UInt64(0), UInt64(0), UInt64(0))
        for position in 0..<max(entryCount, 0) {
            let value = entries[position]
            let isData = bit(value > 1)
            let isValid = isData & bit(regular.contains(value))
            invalid |= isData ^ isValid
            allocated &+= isData
            zero &+= value & (isData ^ 1)
            fragmented &+= isData & bit(last != 0) & bit(value != last &+ steps.clusterSize)
            last = isData != 0 ? value : last
            marks.mark(isValid != 0 ? value &>> regular.shift : 0, if: isValid)
        }
        counts.allocated += allocated
        counts.zero += zero
        counts.fragmented += fragmented
        lastOffset = last
        if invalid != 0 { isSound = false }
    }

    @inline(__always)
    private func bit(_ condition: Bool) -> UInt64 { condition ? 1 : 0 }
}

/// Counters of the entries in the L2 tables.
public struct EntryCounts: Hashable, Sendable {
    /// Entries that refer to a data cluster, valid or not.
    public var allocated: UInt64 = 0
    /// Entries of zero clusters.
    public var zero: UInt64 = 0
    /// Allocated entries that do not follow the one before them in the file, as `qemu-img check` counts them.
    public var fragmented: UInt64 = 0

    public init() {}

    mutating func add(_ other: EntryCounts) {
        allocated += other.allocated
        zero += other.zero
        fragmented += other.fragmented
    }
}
