/// Walks the tables in order and records everything that is wrong in them.
///
/// - What it tests: the offset of each entry, and whether its clusters are already in use. The order is that of the
///   tables, so of two references to a shared cluster the same one is always the second.
/// - What it leaves: the first owners of shared clusters (`OwnerPass`) and clusters without an owner (`LeakPass`).
struct TablePass: TableVisitor {
    private let geometry: Geometry
    private let map: ClusterMap
    private(set) var log: FindingLog
    private(set) var shared: SharedRunLog
    private(set) var counts = EntryCounts()
    private(set) var corruptions: UInt64 = 0
    /// Whether any entry refers to the file's last, partial cluster.
    private(set) var usesPartialCluster = false
    private var lastOffset: UInt64 = 0
    /// The offset of the current L2 table.
    private var l2Table = ByteOffset(0)

    init(geometry: Geometry, map: ClusterMap, log: FindingLog) {
        self.geometry = geometry
        self.map = map
        self.log = log
        shared = SharedRunLog(limit: log.limit)
        _ = map.markRun(from: geometry.cluster(at: geometry.l1TableOffset), count: geometry.tableClusters)
    }

    var isFinished: Bool { map.isExhausted }

    mutating func visitL1Entry(_ value: UInt64, at l1Index: Int) -> Bool {
        let entry = EntryAddress(TableIndex(l1Index: l1Index), value: value, table: geometry.l1TableOffset)
        if geometry.guestRange(from: entry.place, entryCount: 1).length == 0 { noteBeyondImage(entry) }
        lastOffset = 0
        l2Table = ByteOffset(value)
        if let fault = geometry.fault(ofTableAt: l2Table) {
            addInvalid(entry, kind: FindingKind(l2TableFault: fault), fault: fault)
            return false
        }
        return markTable(entry)
    }

    mutating func visitL2Entries(_ entries: UnsafeBufferPointer<UInt64>, at firstL2Index: Int, of l1Index: Int) {
        let inImage = geometry.entriesInImage(of: l1Index, from: firstL2Index, count: entries.count)
        var next = 0
        while case let position = entries.indexOfNonzero(from: next), position < entries.count {
            next = position + 1
            let value = UInt64(littleEndian: entries[position])
            let place = TableIndex(l1Index: l1Index, l2Index: firstL2Index + position)
            let entry = EntryAddress(place, value: value, table: l2Table)
            if position >= inImage { noteBeyondImage(entry) }
            switch L2Entry(rawValue: value) {
            case .unallocated: break
            case .zero: counts.zero += 1
            case .data(let offset): visitDataEntry(entry, offset: offset)
            }
        }
    }

    private mutating func visitDataEntry(_ entry: EntryAddress, offset: ByteOffset) {
        counts.allocated += 1
        if lastOffset != 0, entry.value != lastOffset &+ geometry.clusterSize { counts.fragmented += 1 }
        lastOffset = entry.value
        if let fault = geometry.fault(ofClusterAt: offset) {
            addInvalid(entry, kind: FindingKind(dataClusterFault: fault), fault: fault)
        } else if map.mark(geometry.cluster(at: offset)) {
            corruptions += 1
            shared.add(SharedRun(entry, cluster: geometry.cluster(at: offset), count: 1))
        }
    }

    /// Marks the clusters of a table. Returns true if all of them were free, so that its entries must be walked.
    private mutating func markTable(_ entry: EntryAddress) -> Bool {
        let first = geometry.cluster(at: ByteOffset(entry.value)).rawValue
        var firstShared: ClusterIndex?
        var count: UInt64 = 0
        for cluster in first..<first + geometry.tableClusters where map.mark(ClusterIndex(cluster)) {
            firstShared = firstShared ?? ClusterIndex(cluster)
            count += 1
        }
        guard let firstShared else { return true }
        corruptions += count
        shared.add(SharedRun(entry, cluster: firstShared, count: count))
        return false
    }

    private mutating func addInvalid(_ entry: EntryAddress, kind: FindingKind, fault: OffsetFault) {
        corruptions += 1
        if fault == .truncated { usesPartialCluster = true }
        log.addEntry(finding(kind, entry), geometry: geometry)
    }

    private mutating func noteBeyondImage(_ entry: EntryAddress) {
        log.addEntry(finding(.entryBeyondImage, entry), geometry: geometry)
    }

    private func finding(_ kind: FindingKind, _ entry: EntryAddress) -> Finding {
        Finding(
            kind: kind, place: entry.place, entryValue: entry.value, fileOffset: entry.fileOffset(geometry),
            clusterCount: 1, guestRange: geometry.guestRange(from: entry.place, entryCount: 1))
    }
}

/// An entry: its place, its value, and the table that holds it.
struct EntryAddress {
    let place: TableIndex
    let value: UInt64
    private let table: ByteOffset

    init(_ place: TableIndex, value: UInt64, table: ByteOffset) {
        self.place = place
        self.value = value
        self.table = table
    }

    func fileOffset(_ geometry: Geometry) -> ByteOffset {
        geometry.offset(ofEntry: place.l2Index ?? place.l1Index, inTableAt: table)
    }
}
