import QED

/// Clears the dirty bit if the check of the repaired image finds nothing wrong. QEMU clears it before it checks,
/// whatever it finds.
enum ClearDirty {
    static let action = RepairAction.clearDirty

    /// - Parameter report: the check of the image with all other changes made.
    static func plan(_ draft: inout PlanDraft, checked report: CheckResult) {
        let features = draft.survey.header.features
        guard features.contains(.needCheck) else { return }
        guard report.corruptions == 0, report.checkErrors == 0, report.stop == nil, report.fault == nil else {
            return draft.leave(1, because: "the dirty bit stays set while something is wrong")
        }
        draft.changeHeader(
            .features, from: features.rawValue, to: features.subtracting(.needCheck).rawValue, for: action)
    }
}
