import Files

/// The L1 entries within the image that have no L2 table: those an orphaned table may belong to.
///
/// They are 0, invalid, or refused by `TablePass` because their table's clusters are in use already.
struct FreeSlots: TableVisitor {
    /// L1 entries that map bytes of the image.
    let entryCount: Int
    private let geometry: Geometry
    /// Entries whose tables were refused.
    private let refused: Set<Int>
    /// At least so many more were.
    private let unlistedCount: Int
    private var takenCount = 0
    private var lastTaken = -1
    private var firstFree = 0

    /// - Parameter findings: those of `TablePass`.
    init(geometry: Geometry, findings: [Finding]) {
        self.geometry = geometry
        let perTable = UInt64(geometry.entriesPerTable)
        let tables = geometry.imageClusters / perTable + (geometry.imageClusters % perTable == 0 ? 0 : 1)
        entryCount = Int(min(tables, perTable))
        let refusals = findings.filter { $0.kind == .l2TableShared || $0.kind == .l2TableOverlaps }
        refused = Set(refusals.compactMap(\.place?.l1Index))
        let unlistedClusters = refusals.reduce(UInt64(0)) { $0.saturatingAdd($1.suppressedCount) }
        unlistedCount = Int(
            min(unlistedClusters.saturatingAdd(geometry.tableClusters - 1) / geometry.tableClusters, perTable))
    }

    var isEmpty: Bool { count(fitting: 0) == 0 }

    /// The finding for an orphaned table; nil if it can belong to none of the entries.
    ///
    /// - Parameter entriesEnd: one past the index of the table's last entry in use.
    func finding(ofTableAt table: ByteOffset, entriesEnd: Int) -> Finding? {
        let count = count(fitting: entriesEnd)
        guard count > 0 else { return nil }
        // If there is only one, it is the first one that is free: what does not fit is the last.
        let place = count == 1 && unlistedCount == 0 ? TableIndex(l1Index: firstFree) : nil
        return Finding(
            kind: .tableOrphaned, place: place, entryValue: UInt64(count), fileOffset: table, clusterCount: 0,
            guestRange: place.map { geometry.guestRange(from: $0, entryCount: 1) })
    }

    /// How many of them map so many entries within the image: only the last one may map fewer than a whole table.
    private func count(fitting entriesEnd: Int) -> Int {
        let free = max(entryCount - takenCount, 0) + (entryCount > 0 ? unlistedCount : 0)
        let last = entryCount - 1
        guard last >= 0, lastTaken != last else { return free }
        let mapped = geometry.entriesInImage(of: last, from: 0, count: geometry.entriesPerTable)
        return entriesEnd > mapped ? free - 1 : free
    }

    // MARK: - Walking the L1 table

    var isFinished: Bool { false }

    mutating func visitL1Entry(_ value: UInt64, at l1Index: Int) -> Bool {
        guard geometry.fault(ofTableAt: ByteOffset(value)) == nil, !refused.contains(l1Index) else { return false }
        takenCount += 1
        lastTaken = l1Index
        if l1Index == firstFree { firstFree += 1 }
        return false
    }

    mutating func visitL2Entries(_ entries: UnsafeBufferPointer<UInt64>, at firstL2Index: Int, of l1Index: Int) {}
}
