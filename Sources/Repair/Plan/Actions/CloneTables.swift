import QED

/// Gives each L1 entry of a shared L2 table, except the first, a copy of the table and of all data that it refers to.
enum CloneTables: PlannedAction {
    static let action = RepairAction.cloneTables

    static func plan(_ draft: inout PlanDraft, reading source: any ImageSource) throws(RepairFailure) {
        // A table that is too large for one entry is too large for the next, and is not read again.
        var refused: [UInt64: String] = [:]
        for shared in draft.survey.claims.sharedTables {
            let table = shared.word.value
            if let refusal = refused[table] ?? draft.refusal(ofTableWithClusters: draft.geometry.tableClusters) {
                draft.leave(1, because: refusal)
                continue
            }
            guard draft.mayChange(shared.word) else {
                draft.leave(1, because: Unrepaired.overlapReason)
                continue
            }
            if let refusal = try clone(shared.word, in: &draft, reading: source) {
                refused[table] = refusal
                draft.leave(1, because: refusal)
            }
        }
    }

    /// - Returns: why the table is not copied; nil if it is.
    private static func clone(
        _ word: EntryWord, in draft: inout PlanDraft, reading source: any ImageSource
    ) throws(RepairFailure) -> String? {
        let geometry = draft.geometry
        var dataClusters: UInt64 = 0
        try TableReading.forEachPiece(of: word, geometry, source) { _, entries in
            dataClusters += UInt64(entries.count { isData($0, geometry) })
        }
        if let refusal = draft.refusal(ofTableWithClusters: geometry.tableClusters + dataClusters) {
            return refusal
        }
        let table = draft.takeClusters(geometry.tableClusters)
        try TableReading.forEachPiece(of: word, geometry, source) { first, entries in
            let copied = entries.enumerated().map { index, value in
                let offset = geometry.offset(ofEntry: first + index, inTableAt: ByteOffset(word.value))
                let place = TableIndex(l1Index: word.place.l1Index, l2Index: first + index)
                return copy(EntryWord(place: place, offset: offset.rawValue, value: value), in: &draft)
            }
            guard copied.contains(where: { $0 != 0 }) else { return }
            draft.append(copied.flatMap(\.bytes), at: table + UInt64(first) * 8, for: action)
        }
        draft.change(word, to: table, for: action)
        return nil
    }

    /// The value in the new table for an entry of the old one. An invalid entry is cleared. If it is cleared in the old
    /// table, too, what both map is already noted.
    private static func copy(_ word: EntryWord, in draft: inout PlanDraft) -> UInt64 {
        let value = word.value
        guard case .data(let offset) = L2Entry(rawValue: value) else { return value }
        if draft.geometry.fault(ofClusterAt: offset) == nil {
            let target = draft.takeClusters(1)
            draft.copyCluster(at: value, to: target, for: action)
            return target
        }
        guard draft.options.actions.contains(.clearInvalid), draft.options.invalidEntries != .keep else { return value }
        let readsZeros = draft.options.invalidEntries == .zero
        if !draft.mayChange(word) {
            let range = draft.geometry.guestRange(from: word.place, entryCount: 1)
            draft.note(readsZeros ? .zeroed : .unallocated, .clearInvalid, in: range)
        }
        return readsZeros && draft.survey.header.namesBackingFile ? 1 : 0
    }

    private static func isData(_ value: UInt64, _ geometry: Geometry) -> Bool {
        guard case .data(let offset) = L2Entry(rawValue: value) else { return false }
        return geometry.fault(ofClusterAt: offset) == nil
    }
}
