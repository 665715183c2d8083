/// Finds the first owner of each shared cluster.
///
/// - What it needs: the runs that `TablePass` has listed.
/// - What it does: walks the tables again in the same order, and notes the first reference to each cluster of a run.
/// - When it is skipped: nothing is shared. If it cannot finish, owners stay unknown. No counter depends on them.
struct OwnerPass: TableVisitor {
    /// How many owners are kept: this bounds memory for hostile images.
    private static let ownerLimit = 200_000

    private let geometry: Geometry
    private let map: ClusterMap
    /// The clusters in question.
    private let wanted: RangeUnion
    private var owners: [OwnedRun] = []

    init(geometry: Geometry, map: ClusterMap, runs: [SharedRun]) {
        self.geometry = geometry
        self.map = map
        wanted = RangeUnion(of: runs.map { $0.cluster.rawValue..<$0.end })
        let l1Table = geometry.cluster(at: geometry.l1TableOffset).rawValue
        for cluster in l1Table..<l1Table + geometry.tableClusters {
            claim(ClusterIndex(cluster), by: .l1Table)
        }
    }

    var isFinished: Bool { map.isExhausted || owners.count >= OwnerPass.ownerLimit }

    mutating func visitL1Entry(_ value: UInt64, at l1Index: Int) -> Bool {
        guard geometry.fault(ofTableAt: ByteOffset(value)) == nil else { return false }
        let first = geometry.cluster(at: ByteOffset(value)).rawValue
        var isFree = true
        for cluster in first..<first + geometry.tableClusters {
            isFree = claim(ClusterIndex(cluster), by: .l2Table(l1Index: l1Index)) && isFree
        }
        return isFree
    }

    mutating func visitL2Entries(_ entries: UnsafeBufferPointer<UInt64>, at firstL2Index: Int, of l1Index: Int) {
        var next = 0
        while case let position = entries.indexOfNonzero(from: next), position < entries.count {
            next = position + 1
            guard case .data(let offset) = L2Entry(rawValue: UInt64(littleEndian: entries[position])),
                geometry.fault(ofClusterAt: offset) == nil
            else { continue }
            claim(geometry.cluster(at: offset), by: .data(l1Index: l1Index, l2Index: firstL2Index + position))
        }
    }

    /// The owners so far, in the order of their clusters.
    func ownedRuns() -> [OwnedRun] { owners.sorted { $0.cluster < $1.cluster } }

    /// Marks a cluster. If it was free, notes its owner if it is wanted, and returns true.
    @discardableResult
    private mutating func claim(_ cluster: ClusterIndex, by owner: ClusterOwner) -> Bool {
        guard !map.mark(cluster) else { return false }
        guard wanted.contains(cluster.rawValue) else { return true }
        let run = OwnedRun(cluster: cluster, count: 1, owner: owner)
        if let last = owners.last, last.isContinued(by: run) {
            owners[owners.count - 1].count += 1
        } else {
            owners.append(run)
        }
        return true
    }
}

/// Consecutive clusters with consecutive owners.
struct OwnedRun {
    let cluster: ClusterIndex
    fileprivate(set) var count: UInt64
    /// The owner of the first cluster.
    let owner: ClusterOwner

    var end: UInt64 { cluster.rawValue + count }

    /// The owner of the cluster that is `distance` clusters after the first.
    func owner(after distance: UInt64) -> ClusterOwner {
        guard case .data(let l1Index, let l2Index) = owner else { return owner }
        return .data(l1Index: l1Index, l2Index: l2Index + Int(distance))
    }

    fileprivate func isContinued(by next: OwnedRun) -> Bool {
        next.cluster.rawValue == end && next.owner == owner(after: count)
    }
}
