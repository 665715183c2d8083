/// Proves that the tables of an image give no finding, and counts.
///
/// - What it tests: everything that `TablePass` tests.
/// - What it leaves: naming what is wrong. At the first thing that is, the pass ends and `isSound` is false; its
///   counters then mean nothing, and `TablePass` walks again from the start.
struct FastPass: TableVisitor {
    private let geometry: Geometry
    let map: ClusterMap
    private(set) var counts = EntryCounts()
    private(set) var isSound = true
    /// The data cluster before the one at hand, 0 at the start of a table.
    private var lastOffset: UInt64 = 0

    /// - Parameter claimsL1Table: whether this pass marks the clusters of the L1 table; one of several must.
    init(geometry: Geometry, map: ClusterMap, claimsL1Table: Bool) {
        self.geometry = geometry
        self.map = map
        guard claimsL1Table else { return }
        isSound = map.markRun(from: geometry.cluster(at: geometry.l1TableOffset), count: geometry.tableClusters) == 0
    }

    /// Whether nothing was found and everything could be marked.
    var isComplete: Bool { isSound && !map.isExhausted }

    var isFinished: Bool { !isComplete }

    mutating func visitL1Entry(_ value: UInt64, at l1Index: Int) -> Bool {
        let table = ByteOffset(value)
        isSound =
            geometry.fault(ofTableAt: table) == nil
            && geometry.guestRange(from: TableIndex(l1Index: l1Index), entryCount: 1).length > 0
            && map.markRun(from: geometry.cluster(at: table), count: geometry.tableClusters) == 0
        lastOffset = 0
        return isSound
    }

    mutating func visitL2Entries(_ entries: UnsafeBufferPointer<UInt64>, at firstL2Index: Int, of l1Index: Int) {
        let inImage = geometry.entriesInImage(of: l1Index, from: firstL2Index, count: entries.count)
        isSound =
            count(UnsafeBufferPointer(rebasing: entries[..<inImage]))
            && entries.indexOfNonzero(from: inImage) == entries.count
    }

    /// Counts and marks; false if some entry is not as it should be.
    private mutating func count(_ entries: UnsafeBufferPointer<UInt64>) -> Bool {
        let clusterSize = geometry.clusterSize
        let clusters = RegularClusters(geometry)
        var (zero, single, inRuns, fragmented, shared) = (UInt64(0), UInt64(0), UInt64(0), UInt64(0), UInt64(0))
        var last = lastOffset
        var position = 0
        while position < entries.count {
            let value = UInt64(littleEndian: entries[position])
            guard let cluster = clusters.cluster(at: value) else {
                if value > 1 { return false }
                zero += value
                position = entries.indexOfNonzero(from: position + 1)
                continue
            }
            if last != 0, value != last &+ clusterSize { fragmented += 1 }
            position += 1
            if position < entries.count, UInt64(littleEndian: entries[position]) == value &+ clusterSize {
                // Sequential writing gives long runs of consecutive clusters: marked by whole words.
                let length = UInt64(1 + entries.runLength(from: position, first: value &+ clusterSize, by: clusterSize))
                position += Int(length) - 1
                last = value &+ (length - 1) &* clusterSize
                guard clusters.cluster(at: last) != nil else { return false }
                shared += map.markRun(from: ClusterIndex(cluster), count: length)
                inRuns += length
            } else {
                last = value
                shared += map.markUncounted(cluster)
                single += 1
            }
        }
        map.addUsed(single)
        counts.zero += zero
        counts.allocated += single + inRuns
        counts.fragmented += fragmented
        lastOffset = last
        return shared == 0
    }
}

/// The clusters that entries may refer to, in the form that the hot loop wants.
private struct RegularClusters {
    private let shift: UInt64
    private let first: UInt64
    private let count: UInt64

    init(_ geometry: Geometry) {
        shift = geometry.clusterShift
        first = geometry.firstRegularCluster.rawValue
        count = geometry.fileClusters - first
    }

    /// The cluster at a valid offset, nil for any other. One comparison tests alignment and range: rotating moves the
    /// low bits of an unaligned offset to the top, which makes it too large.
    @inline(__always)
    func cluster(at offset: UInt64) -> UInt64? {
        let relative = offset &- first &<< shift
        let index = relative &>> shift | relative &<< (64 &- shift)
        return index < count ? index &+ first : nil
    }
}

extension UnsafeBufferPointer<UInt64> {
    /// How many entries from `start` on are `first`, `first + step`, and so on.
    @inline(__always)
    fileprivate func runLength(from start: Int, first: UInt64, by step: UInt64) -> Int {
        var position = start
        var next = first
        while position < count, UInt64(littleEndian: self[position]) == next {
            next &+= step
            position += 1
        }
        return position - start
    }
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
