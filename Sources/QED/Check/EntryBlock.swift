/// Eight entries of a table: a line of the processor's cache.
struct EntryBlock {
    static let count = 8
    /// Entries that are looked at more than once before the next ones are: they stay in the first-level cache.
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
        // Two entries tell most tables apart.
        entries[0] != 0 && entries[1] == entries[0] &+ steps.clusterSize && isRun(from: entries[0], steps)
    }

    // MARK: - Non public

    @inline(__always)
    private var lanes: Lanes { UnsafeRawPointer(entries).loadUnaligned(as: Lanes.self) }

    @inline(__always)
    fileprivate func isRun(from first: UInt64, _ steps: ClusterSteps) -> Bool {
        EntryBlock.isZero(lanes ^ (Lanes(repeating: first) &+ steps.lanes))
    }

    /// By or, since not every x86-64 processor can compare lanes of 64 bits.
    @inline(__always)
    private static func isZero(_ lanes: Lanes) -> Bool {
        let four = lanes.lowHalf | lanes.highHalf
        let two = four.lowHalf | four.highHalf
        return two[0] | two[1] == 0
    }
}

/// How far the entries of consecutive clusters are from the first one.
struct ClusterSteps {
    let clusterSize: UInt64
    fileprivate let lanes: EntryBlock.Lanes

    init(clusterSize: UInt64) {
        self.clusterSize = clusterSize
        lanes = EntryBlock.Lanes(0, 1, 2, 3, 4, 5, 6, 7) &* clusterSize
    }

    /// How many entries from the first one on are those of consecutive clusters. The first block is known to be.
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
