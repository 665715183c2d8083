import QED

/// Assigns clusters to data entries, in the order of the tables: the first entry that refers to a cluster keeps it.
///
/// - What it needs: the marked clusters of all tables (`MetadataClaims`).
/// - What it leaves: tables that overlap something. A shared table is walked for its first L1 entry only.
struct EntryClaims: TableVisitor {
    private let geometry: Geometry
    private let map: ClusterMap
    private let claims: MetadataClaims
    private let partialCluster: UInt64?
    /// The offset of the current L2 table.
    private var table = ByteOffset(0)

    private(set) var faults: [EntryFault] = []
    /// Entries whose cluster belongs to a table or to an earlier entry.
    private(set) var shared: [EntryWord] = []
    private(set) var partialClusterUsers: [EntryWord] = []

    init(geometry: Geometry, map: ClusterMap, claims: MetadataClaims, partialCluster: UInt64?) {
        self.geometry = geometry
        self.map = map
        self.claims = claims
        self.partialCluster = partialCluster
    }

    var isOverLimit: Bool { faults.count + shared.count > EntryWord.limit }
    var isFinished: Bool { map.isExhausted || isOverLimit }

    mutating func visitL1Entry(_ value: UInt64, at l1Index: Int) -> Bool {
        table = ByteOffset(value)
        return geometry.fault(ofTableAt: table) == nil && claims.owns(l1Index)
    }

    mutating func visitL2Entries(_ entries: UnsafeBufferPointer<UInt64>, at firstL2Index: Int, of l1Index: Int) {
        for position in entries.indices where entries[position] != 0 {
            let value = UInt64(littleEndian: entries[position])
            guard case .data(let offset) = L2Entry(rawValue: value) else { continue }
            let l2Index = firstL2Index + position
            let word = EntryWord(
                place: TableIndex(l1Index: l1Index, l2Index: l2Index),
                offset: geometry.offset(ofEntry: l2Index, inTableAt: table).rawValue, value: value)
            visit(word, data: offset)
        }
    }

    private mutating func visit(_ word: EntryWord, data offset: ByteOffset) {
        if let fault = geometry.fault(ofClusterAt: offset) {
            faults.append(EntryFault(word: word, fault: fault))
            return
        }
        let cluster = geometry.cluster(at: offset)
        if map.mark(cluster) { shared.append(word) }
        if cluster.rawValue == partialCluster { partialClusterUsers.append(word) }
    }
}
