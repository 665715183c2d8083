import QED

/// An action: turns the findings of a survey into a part of a plan. It writes nothing.
protocol PlannedAction {
    static var action: RepairAction { get }

    /// Adds its part to a plan.
    ///
    /// - Parameter source: the image, for reading more of it.
    static func plan(_ draft: inout PlanDraft, reading source: any ImageSource) throws(RepairFailure)
}

extension RepairAction {
    /// The type that plans it; nil for `ClearDirty`, which depends on the check of all other changes.
    var plannedAction: (any PlannedAction.Type)? {
        switch self {
        case .extendTail: ExtendTail.self
        case .clearInvalid: ClearInvalid.self
        case .cloneShared: CloneShared.self
        case .cloneTables: CloneTables.self
        case .reclaimLeaks: ReclaimLeaks.self
        case .clearAutoclear: ClearAutoclear.self
        case .clearDirty: nil
        }
    }
}
