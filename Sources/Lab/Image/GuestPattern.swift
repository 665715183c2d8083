/// Which clusters of a guest are unallocated, zero clusters or data: a function of the plan, without a table.
struct GuestPattern {
    enum State {
        case unallocated, zero, data
    }

    /// What one L2 table holds.
    struct TableCount: Hashable {
        var data: UInt64 = 0
        var zero: UInt64 = 0
        var isEmpty: Bool { data == 0 && zero == 0 }
    }

    private let guestClusterCount: UInt64
    private let entriesPerTable: UInt64
    /// Entries of each table that may be in use, from its start.
    private let usedPerTable: UInt64
    /// Guest clusters of the image that may be in use, from its start.
    private let usedEnd: UInt64
    /// A cluster is in use if its random number is below; nil for all.
    private let shareThreshold: UInt64?
    private let zeroThreshold: UInt64?
    private let seed: UInt64

    init(_ plan: ImagePlan) {
        guestClusterCount = plan.guestClusterCount
        entriesPerTable = plan.entriesPerTable
        var usedPerTable = entriesPerTable
        var usedEnd = guestClusterCount
        var share: Double?
        switch plan.guestClusters {
        case .all: break
        case .first(let count): usedEnd = min(count, guestClusterCount)
        case .firstOfEachTable(let count): usedPerTable = min(count, entriesPerTable)
        case .share(let probability): share = probability
        }
        self.usedPerTable = usedPerTable
        self.usedEnd = usedEnd
        shareThreshold = share.map(GuestPattern.threshold)
        zeroThreshold = plan.zeroShare > 0 ? GuestPattern.threshold(plan.zeroShare) : nil
        seed = plan.seed
    }

    /// L1 entries that can have an L2 table.
    var tableCount: UInt64 { usedEnd / entriesPerTable + (usedEnd % entriesPerTable == 0 ? 0 : 1) }

    /// The entries of a table that may be in use, from 0.
    func usedEntries(of table: UInt64) -> UInt64 {
        let first = table * entriesPerTable
        return min(usedPerTable, max(usedEnd, first) - first)
    }

    @inline(__always)
    func state(ofEntry entry: UInt64, of table: UInt64) -> State {
        let guestCluster = table * entriesPerTable + entry
        if let shareThreshold, SeededRandom.value(seed: seed, index: guestCluster) >= shareThreshold {
            return .unallocated
        }
        if let zeroThreshold, SeededRandom.value(seed: ~seed, index: guestCluster) < zeroThreshold { return .zero }
        return .data
    }

    /// Whether every entry that may be in use is data.
    var isUniform: Bool { shareThreshold == nil && zeroThreshold == nil }

    /// What a table holds; arithmetic where the plan allows it.
    func count(of table: UInt64) -> TableCount {
        let used = usedEntries(of: table)
        if isUniform { return TableCount(data: used) }
        var count = TableCount()
        var entry: UInt64 = 0
        while entry < used {
            switch state(ofEntry: entry, of: table) {
            case .unallocated: break
            case .zero: count.zero += 1
            case .data: count.data += 1
            }
            entry += 1
        }
        return count
    }

    /// A share as a number that 64 random bits are below with that probability.
    private static func threshold(_ share: Double) -> UInt64 {
        let scaled = min(max(share, 0), 1) * 0x1p64
        return UInt64(exactly: scaled.rounded()) ?? .max
    }
}
