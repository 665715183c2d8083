import Files
import QED

// Tables that overlap something are left as they are, and a guest reads by them all the same.
extension PlanDraft {
    /// More tables than this that overlap are not looked into.
    static let overlapLimit = 64

    /// Clusters with changed words that an entry which stays as it is reads as data: they must not change.
    func changedClustersReadAsData(_ source: any ImageSource) throws(RepairFailure) -> [Range<UInt64>] {
        let mask = ~(geometry.clusterSize - 1)
        let inTables = words.filter { $0.phase != .header }
        let changedClusters = Set(inTables.map { $0.offset & mask })
        let changedWords = Set(inTables.map(\.offset))
        var read: Set<UInt64> = []
        for word in survey.entries.shared
        where !changedWords.contains(word.offset) && changedClusters.contains(word.value) {
            read.insert(word.value)
        }
        let tables = survey.claims.overlappingTables
        if tables.count > PlanDraft.overlapLimit {
            read = changedClusters
        } else {
            for table in tables {
                try TableReading.forEachPiece(of: table, geometry, source) { _, entries in
                    for value in entries where changedClusters.contains(value) { read.insert(value) }
                }
            }
        }
        return read.map { $0..<$0.saturatingAdd(geometry.clusterSize) }
    }

    /// Notes what can be read by such tables once the file's last, partial cluster is whole.
    mutating func noteReadableByOverlaps(_ source: any ImageSource) throws(RepairFailure) {
        let tables = survey.claims.overlappingTables
        guard sizeAfter > survey.fileSize, survey.fileSize > survey.wholeClustersEnd, !tables.isEmpty else { return }
        guard tables.count <= PlanDraft.overlapLimit else { throw .unexpected("too many tables overlap") }
        let action = extendsTail ? RepairAction.extendTail : .cloneShared
        for table in tables {
            if table.value.saturatingAdd(geometry.tableByteCount) > survey.wholeClustersEnd {
                note(.readable, action, in: geometry.guestRange(from: table.place, entryCount: 1))
                continue
            }
            var places: [TableIndex] = []
            try TableReading.forEachPiece(of: table, geometry, source) { first, entries in
                for index in entries.indices where entries[index] == survey.wholeClustersEnd {
                    places.append(TableIndex(l1Index: table.place.l1Index, l2Index: first + index))
                }
            }
            for place in places { note(.readable, action, at: place) }
        }
    }
}
