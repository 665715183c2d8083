import QED

/// Gives each entry but the first of a shared cluster a copy of it at the end of the file. A data entry that points
/// into a table gets a copy of those bytes of the table: the guest reads what it read before, and writes no table
/// any more.
enum CloneShared: PlannedAction {
    static let action = RepairAction.cloneShared

    static func plan(_ draft: inout PlanDraft, reading source: any ImageSource) {
        let shared = draft.survey.entries.shared.filter { draft.mayChange($0) }
        draft.leave(draft.survey.entries.shared.count - shared.count, because: Unrepaired.overlapReason)
        if let refusal = draft.refusal(ofClusters: UInt64(shared.count)) {
            return draft.leave(shared.count, because: refusal)
        }
        for word in shared {
            let target = draft.takeClusters(1)
            draft.copyCluster(at: word.value, to: target, for: action)
            draft.change(word, to: target, for: action)
        }
    }
}
