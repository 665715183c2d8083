/// Eight entries of a table: one cache line of the processor.
struct EntryBlock {
    static let count = 8
    /// How many entries are examined more than once before going on, so that they stay in the first-level cache.
    static let stretch = 512
    fileprivate typealias Lanes = SIMD8<UInt64>

    private let entries: UnsafePointer<UInt64>

    @inline(__always)
    init(_ entries: UnsafePointer<UInt64>) { self.entries = entries }

    @inline(__always)
    var isZero: Bool { entries[0] == 0 && EntryBlock.isZero(lanes) }

    /// Whether the entries are those of consecutive clusters.
    @inline(__always)
    func isRun(_ steps: ClusterSteps) -> Bool {
        // For most tables, two entries are enough to tell.
        entries[0] != 0 && entries[1] == entries[0] &+ steps.clusterSize && isRun(from: entries[0], steps)
    }

    // MARK: - Non public

    @inline(__always)
    private var lanes: Lanes { UnsafeRawPointer(entries).loadUnaligned(as: Lanes.self) }

    @inline(__always)
    fileprivate func isRun(from first: UInt64, _ steps: ClusterSteps) -> Bool {
        EntryBlock.isZero(lanes ^ (Lanes(repeating: first) &+ steps.lanes))
    }

    /// Uses `or`, since not every x86-64 processor can compare lanes of 64 bits.
    @inline(__always)
    private static func isZero(_ lanes: Lanes) -> Bool {
        let four = lanes.lowHalf | lanes.highHalf
        let two = four.lowHalf | four.highHalf
        return two[0] | two[1] == 0
    }
}

/// The distances of the entries of consecutive clusters from the first one.
struct ClusterSteps {
    let clusterSize: UInt64
    fileprivate let lanes: EntryBlock.Lanes

    init(clusterSize: UInt64) {
        self.clusterSize = clusterSize
        lanes = EntryBlock.Lanes(0, 1, 2, 3, 4, 5, 6, 7) &* clusterSize
    }

    /// How many entries, from the first one on, are those of consecutive clusters. Those of the first block are.
    @inline(__always)
    func runLength(_ entries: UnsafePointer<UInt64>, _ entryCount: Int) -> Int {
        var length = EntryBlock.count
        var next = entries[0] &+ UInt64(length) &* clusterSize
        while entryCount - length >= EntryBlock.count, EntryBlock(entries + length).isRun(from: next, self) {
            length += EntryBlock.count
            next &+= UInt64(EntryBlock.count) &* clusterSize
        }
        while length < entryCount, entries[length] == next {
            length += 1
            next &+= clusterSize
        }
        return length
    }
}

extension UnsafeBufferPointer<UInt64> {
    /// The index of the first entry other than 0 at or after `start`; `count` if there is none.
    ///
    /// Most entries of most tables are 0, so they are skipped eight at a time.
    @inline(__always)
    package func indexOfNonzero(from start: Int) -> Int {
        var index = start
        while index + 8 <= count {
            let low = self[index] | self[index + 1] | self[index + 2] | self[index + 3]
            let high = self[index + 4] | self[index + 5] | self[index + 6] | self[index + 7]
            if low | high != 0 { break }
            index += 8
        }
        while index < count, self[index] == 0 { index += 1 }
        return index
    }
}

/// The offsets that entries of data clusters may have, in a form that suits the hot loops.
struct RegularOffsets {
    /// log2 of the cluster size.
    let shift: UInt64
    private let first: UInt64
    private let last: UInt64
    private let unaligned: UInt64

    init(_ geometry: Geometry) {
        shift = geometry.clusterShift
        first = geometry.firstRegularCluster.rawValue << shift
        // Less than `first` if there is no regular cluster: then no offset is valid.
        last = (max(geometry.fileClusters, 1) - 1) << shift
        unaligned = geometry.clusterSize - 1
    }

    /// Whether an offset is valid.
    @inline(__always)
    func contains(_ offset: UInt64) -> Bool { faults(offset) == 0 }

    /// How many entries, from the first one on, are valid offsets of data clusters, in whole blocks that are not runs.
    @inline(__always)
    func lengthOfData(_ entries: UnsafePointer<UInt64>, _ entryCount: Int, _ steps: ClusterSteps) -> Int {
        var length = 0
        while entryCount - length >= EntryBlock.count {
            let block = entries + length
            if length > 0, EntryBlock(block).isRun(steps) { break }
            var faults: UInt64 = 0
            for position in 0..<EntryBlock.count { faults |= self.faults(block[position]) }
            if faults != 0 { break }
            length += EntryBlock.count
        }
        return length
    }

    /// Not 0 if an offset is not valid: its bits below the cluster size, and the sign bit of its distances to the
    /// limits. An offset in a file has no sign bit itself.
    @inline(__always)
    private func faults(_ offset: UInt64) -> UInt64 {
        (offset & unaligned) | (((offset &- first) | (last &- offset) | offset) & (1 &<< 63))
    }
}
