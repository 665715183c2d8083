import Files
import QED

/// Assigns clusters to the L1 table and the L2 tables, before any data entry gets one.
///
/// - What it tests: the offset of each L1 entry, and whether its table's clusters are free.
/// - What it leaves: the entries of the L2 tables (`EntryClaims`).
struct MetadataClaims: TableVisitor {
    private let geometry: Geometry
    private let map: ClusterMap
    /// The file's last cluster if it is partial.
    private let partialCluster: UInt64?

    /// Whether the L1 table ends in the file's last, partial cluster.
    let l1TableIsPartial: Bool
    /// How many L2 tables have got their clusters.
    private(set) var tableCount = 0
    private(set) var faults: [EntryFault] = []
    private(set) var partialClusterUsers: [EntryWord] = []
    /// L1 entries whose table's clusters were not all free.
    private(set) var overlaps: [EntryWord] = []
    /// Those that refer to the same table as another entry.
    private(set) var sharedTables: [SharedTable] = []
    /// Those that overlap something else: nobody can tell which is right.
    private(set) var overlappingTables: [EntryWord] = []
    /// For each L1 entry with a shared table, the other L1 entries that refer to it.
    private(set) var sharersByOwner: [Int: [Int]] = [:]
    private var overlapIndexes: Set<Int> = []

    init(geometry: Geometry, map: ClusterMap, partialCluster: UInt64?) {
        self.geometry = geometry
        self.map = map
        self.partialCluster = partialCluster
        let l1Table = geometry.cluster(at: geometry.l1TableOffset)
        l1TableIsPartial = l1Table.rawValue + geometry.tableClusters - 1 == partialCluster
        _ = map.markRun(from: l1Table, count: geometry.tableClusters)
    }

    var isOverLimit: Bool { faults.count + overlaps.count > EntryWord.limit }
    var isFinished: Bool { map.isExhausted || isOverLimit }

    /// Whether an L1 entry with a valid offset has got the clusters of its table.
    func owns(_ l1Index: Int) -> Bool { !overlapIndexes.contains(l1Index) }

    /// The bytes of the tables that overlap something.
    var overlappingRanges: [Range<UInt64>] {
        overlappingTables.map { $0.value..<$0.value.saturatingAdd(geometry.tableByteCount) }
    }

    mutating func visitL1Entry(_ value: UInt64, at l1Index: Int) -> Bool {
        let offset = geometry.offset(ofEntry: l1Index, inTableAt: geometry.l1TableOffset)
        let word = EntryWord(place: TableIndex(l1Index: l1Index), offset: offset.rawValue, value: value)
        if let fault = geometry.fault(ofTableAt: ByteOffset(value)) {
            faults.append(EntryFault(word: word, fault: fault))
            return false
        }
        let first = geometry.cluster(at: ByteOffset(value))
        let clusters = first.rawValue..<first.rawValue + geometry.tableClusters
        if clusters.contains(where: { map.isMarked(ClusterIndex($0)) }) {
            overlaps.append(word)
            overlapIndexes.insert(l1Index)
        } else {
            _ = map.markRun(from: first, count: geometry.tableClusters)
            tableCount += 1
            if let partialCluster, clusters.contains(partialCluster) { partialClusterUsers.append(word) }
        }
        return false
    }

    mutating func visitL2Entries(_ entries: UnsafeBufferPointer<UInt64>, at firstL2Index: Int, of l1Index: Int) {}

    /// Separates shared tables from those that only overlap.
    mutating func resolve(_ owners: TableOwners) {
        for word in overlaps {
            if let owner = owners.firstIndexes[word.value], owns(owner) {
                sharedTables.append(SharedTable(word: word, owner: owner))
                sharersByOwner[owner, default: []].append(word.place.l1Index)
            } else {
                overlappingTables.append(word)
            }
        }
    }
}

/// Finds the first L1 entry that refers to each of some tables.
struct TableOwners: TableVisitor {
    private let wanted: Set<UInt64>
    private(set) var firstIndexes: [UInt64: Int] = [:]

    init(of words: [EntryWord]) { wanted = Set(words.map(\.value)) }

    var isFinished: Bool { false }

    mutating func visitL1Entry(_ value: UInt64, at l1Index: Int) -> Bool {
        if wanted.contains(value), firstIndexes[value] == nil { firstIndexes[value] = l1Index }
        return false
    }

    mutating func visitL2Entries(_ entries: UnsafeBufferPointer<UInt64>, at firstL2Index: Int, of l1Index: Int) {}
}
