import QED

/// Gives each entry of a shared cluster, except the first, a copy at the end of the file. A data entry that points into
/// a table gets a copy of those bytes: the guest reads the same as before, and can no longer overwrite the table.
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
