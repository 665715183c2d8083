import QED

/// Clears autoclear feature bits, as every writer that does not know them must (QED specification, "Feature bits"). The
/// format defines none.
enum ClearAutoclear: PlannedAction {
    static let action = RepairAction.clearAutoclear

    static func plan(_ draft: inout PlanDraft, reading source: any ImageSource) {
        let bits = draft.survey.header.autoclearFeatures
        guard bits != 0 else { return }
        draft.changeHeader(.autoclearFeatures, from: bits, to: 0, for: action)
    }
}
