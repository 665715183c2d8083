/// The offsets that entries of data clusters may have, in the form that the hot loops want.
struct RegularOffsets {
    /// log2 of the cluster size.
    let shift: UInt64
    private let first: UInt64
    private let last: UInt64
    private let unaligned: UInt64

    init(_ geometry: Geometry) {
        shift = geometry.clusterShift
        first = geometry.firstRegularCluster.rawValue << shift
        // Below `first` if there is no regular cluster at all: then nothing is valid.
        last = (max(geometry.fileClusters, 1) - 1) << shift
        unaligned = geometry.clusterSize - 1
    }

    /// Whether an offset is valid.
    @inline(__always)
    func contains(_ offset: UInt64) -> Bool { faults(offset) == 0 }

    /// How many entries from the first on are valid offsets of data clusters, in whole blocks that are no run.
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

    /// Not 0 if an offset is not valid: its bits below the cluster size, and the sign bit of how far it is outside. Offsets
    /// in a file have no sign bit; others give it here.
    @inline(__always)
    private func faults(_ offset: UInt64) -> UInt64 {
        (offset & unaligned) | (((offset &- first) | (last &- offset) | offset) & (1 &<< 63))
    }
}
