/// Everything that a repair can do to an image: the one table of actions.
///
/// The raw value is a stable name in the store and on the command line: it is never renamed or reused. Actions are
/// planned and listed in this order.
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
    /// What is lost for good by an action.
    public enum Loss: String, Sendable {
        /// Nothing: every guest byte that could be read before reads the same afterwards.
        case nothing
        /// What the entries mapped. The guest could not read it before either. The ranges are listed.
        case mapping
        /// The bytes of clusters that nothing refers to.
        case leakedBytes = "leaked-bytes"
    }

    /// The row of the table for this action.
    public struct Traits: Sendable {
        /// What it does, as a clause.
        public let summary: String
        public let loss: Loss
        /// Whether it runs without being asked for by name.
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
        case .cloneShared: Traits("give each entry of a shared cluster its own copy", loses: .nothing)
        case .cloneTables:
            Traits(
                "give each L1 entry of a shared L2 table its own copy of the table and its data", loses: .nothing,
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

/// What a repair may do.
public struct RepairOptions: Hashable, Sendable {
    /// What happens to an entry whose offset cannot be used.
    public enum InvalidEntries: String, CaseIterable, Sendable {
        /// It becomes unallocated, as with QEMU: it reads from the backing file, or as zeros.
        case unallocate
        /// It becomes a zero cluster: it reads as zeros, whatever the backing file contains.
        case zero
        /// It stays as it is.
        case keep
    }

    public var actions: Set<RepairAction> = Set(RepairAction.allCases.filter(\.isDefault))
    public var invalidEntries = InvalidEntries.unallocate
    /// How many bytes copies may add to one image.
    public var maximumGrowth: UInt64 = 1 << 30
    /// Whether the journal keeps the bytes of leaked clusters, so that giving them back can be undone.
    public var savesLeaked = false

    public init() {}
}

/// Something wrong that a repair does not change.
public struct Unrepaired: Hashable, Sendable {
    static let overlapReason = "tables overlap, and nobody can tell which one is right"

    public let reason: String
    /// How many entries, tables or clusters.
    public internal(set) var count: UInt64

    init(_ reason: String, count: UInt64) {
        self.reason = reason
        self.count = count
    }
}
