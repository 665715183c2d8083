import QED

/// One of the actions: how it turns what a survey found into a part of a plan. It writes nothing itself.
protocol PlannedAction {
    static var action: RepairAction { get }

    /// Adds its part to a plan.
    ///
    /// - Parameter source: the image, to read more of it.
    static func plan(_ draft: inout PlanDraft, reading source: any ImageSource) throws(RepairFailure)
}

extension RepairAction {
    /// The type that plans it; nil for what depends on the check of all the rest (`ClearDirty`).
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
