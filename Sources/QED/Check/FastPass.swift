/// Proves that the tables of an image give no finding, and counts.
///
/// - What it tests: everything that `TablePass` tests.
/// - What it leaves: naming what is wrong. At the first thing that is, the pass ends and `isSound` is false; its
///   counters then mean nothing, and `TablePass` walks again from the start.
struct FastPass: TableVisitor {
    private let geometry: Geometry
    private let map: ClusterMap
    private(set) var counts = EntryCounts()
    private(set) var isSound = true
    /// The data cluster before the one at hand, 0 at the start of a table.
    private var lastOffset: UInt64 = 0

    init(geometry: Geometry, map: ClusterMap) {
        self.geometry = geometry
        self.map = map
        isSound = map.markRun(from: geometry.cluster(at: geometry.l1TableOffset), count: geometry.tableClusters) == 0
    }

    var isFinished: Bool { !isSound || map.isExhausted }

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

    /// Counts and marks; false at the first entry that is not as it should be.
    private mutating func count(_ entries: UnsafeBufferPointer<UInt64>) -> Bool {
        let clusterSize = geometry.clusterSize
        let shift = geometry.clusterShift
        let firstValid = geometry.firstRegularCluster.rawValue << shift
        let validSpan = geometry.wholeClustersEnd - firstValid
        var position = entries.indexOfNonzero(from: 0)
        while position < entries.count {
            let value = UInt64(littleEndian: entries[position])
            if value == 0 {
                position = entries.indexOfNonzero(from: position)
                continue
            }
            if value == 1 {
                counts.zero += 1
                position += 1
                continue
            }
            // Sequential writing gives long runs of consecutive clusters: mark each by whole words.
            let start = position
            var next = value &+ clusterSize
            position += 1
            while position < entries.count, UInt64(littleEndian: entries[position]) == next {
                next &+= clusterSize
                position += 1
            }
            let length = UInt64(position - start)
            let last = next &- clusterSize
            guard value & (clusterSize - 1) == 0, value &- firstValid < validSpan, last &- firstValid < validSpan else {
                return false
            }
            guard mark(from: ClusterIndex(value >> shift), count: length) else { return false }
            counts.allocated += length
            if lastOffset != 0, value != lastOffset + clusterSize { counts.fragmented += 1 }
            lastOffset = last
        }
        return true
    }

    @inline(__always)
    private func mark(from cluster: ClusterIndex, count: UInt64) -> Bool {
        count == 1 ? !map.mark(cluster) : map.markRun(from: cluster, count: count) == 0
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
}
