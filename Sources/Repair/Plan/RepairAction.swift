/// Everything that a repair can do to an image: the one table of actions.
///
/// The raw value is a stable name, in the store and on the command line: never renamed or used again for something
/// else. The order is the one in which an image's actions are planned and listed.
public enum RepairAction: String, CaseIterable, Sendable {
    case extendTail = "extend-tail"
    case clearInvalid = "clear-invalid"
    case cloneShared = "clone-shared"
    case cloneTables = "clone-tables"
    case reclaimLeaks = "reclaim-leaks"
    case clearAutoclear = "clear-autoclear"
    case clearDirty = "clear-dirty"
}

extension RepairAction {
    /// What an action takes away for good.
    public enum Loss: String, Sendable {
        /// Every guest byte that could be read before reads the same afterwards.
        case nothing
        /// What the entries mapped, which could not be read before either. The guest ranges are listed.
        case mapping
        /// The bytes of clusters that nothing refers to.
        case leakedBytes = "leaked-bytes"
    }

    /// The row of the table for this action.
    public struct Traits: Sendable {
        /// What it does, as a clause.
        public let summary: String
        public let loss: Loss
        /// Whether it is done unless it is asked for by name.
        public let isDefault: Bool

        init(_ summary: String, loses loss: Loss, isDefault: Bool = true) {
            self.summary = summary
            self.loss = loss
            self.isDefault = isDefault
        }
    }

    public var summary: String { traits.summary }
    public var loss: Loss { traits.loss }
    public var isDefault: Bool { traits.isDefault }

    public var traits: Traits {
        switch self {
        case .extendTail: Traits("extend a last cluster that is only partly there to its end", loses: .nothing)
        case .clearInvalid: Traits("clear entries whose offset cannot be used", loses: .mapping)
        case .cloneShared: Traits("give each entry of a shared cluster a copy of its own", loses: .nothing)
        case .cloneTables:
            Traits(
                "give each L1 entry of a shared L2 table a copy of the table and its data", loses: .nothing,
                isDefault: false)
        case .reclaimLeaks:
            Traits(
                "give clusters that nothing refers to back to the file system", loses: .leakedBytes,
                isDefault: false)
        case .clearAutoclear: Traits("clear unknown autoclear feature bits", loses: .nothing, isDefault: false)
        case .clearDirty: Traits("clear the dirty bit of a consistent image", loses: .nothing)
        }
    }
}

extension RepairAction: Comparable {
    public static func < (left: Self, right: Self) -> Bool { left.position < right.position }

    private var position: Int { RepairAction.allCases.firstIndex(of: self) ?? 0 }
}
