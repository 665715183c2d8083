import QED

/// Gives each L1 entry but the first of a shared L2 table a copy of the table, and copies of all data that the table
/// refers to.
enum CloneTables: PlannedAction {
    static let action = RepairAction.cloneTables

    static func plan(_ draft: inout PlanDraft, reading source: any ImageSource) throws(RepairFailure) {
        for shared in draft.survey.claims.sharedTables {
            guard draft.mayChange(shared.word) else {
                draft.leave(1, because: LeftAlone.overlapReason)
                continue
            }
            try clone(shared.word, in: &draft, reading: source)
        }
    }

    private static func clone(
        _ word: EntryWord, in draft: inout PlanDraft, reading source: any ImageSource
    ) throws(RepairFailure) {
        let geometry = draft.geometry
        var dataClusters: UInt64 = 0
        try TableReading.forEachPiece(of: word, geometry, source) { _, entries in
            dataClusters += UInt64(entries.count { isData($0, geometry) })
        }
        if let refusal = draft.refusal(ofClusters: geometry.tableClusters + dataClusters) {
            return draft.leave(1, because: refusal)
        }
        let table = draft.takeClusters(geometry.tableClusters)
        try TableReading.forEachPiece(of: word, geometry, source) { first, entries in
            let copied = entries.map { copy($0, in: &draft) }
            guard copied.contains(where: { $0 != 0 }) else { return }
            draft.append(copied.flatMap(\.bytes), at: table + UInt64(first) * 8, for: action)
        }
        draft.change(word, to: table, for: action)
    }

    /// What stands in the new table for an entry of the old one.
    private static func copy(_ value: UInt64, in draft: inout PlanDraft) -> UInt64 {
        guard case .data(let offset) = L2Entry(rawValue: value) else { return value }
        if draft.geometry.fault(ofClusterAt: offset) == nil {
            let target = draft.takeClusters(1)
            draft.copyCluster(at: value, to: target, for: action)
            return target
        }
        guard draft.options.actions.contains(.clearInvalid) else { return value }
        switch draft.options.invalidEntries {
        case .keep: return value
        case .unallocate: return 0
        case .zero: return draft.survey.header.namesBackingFile ? 1 : 0
        }
    }

    private static func isData(_ value: UInt64, _ geometry: Geometry) -> Bool {
        guard case .data(let offset) = L2Entry(rawValue: value) else { return false }
        return geometry.fault(ofClusterAt: offset) == nil
    }
}
