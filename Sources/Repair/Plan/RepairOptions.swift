/// What a repair may do.
public struct RepairOptions: Hashable, Sendable {
    /// What becomes of an entry whose offset cannot be used.
    public enum InvalidEntries: String, CaseIterable, Sendable {
        /// Unallocated, as QEMU makes it: reads the backing file, or zeros.
        case unallocate
        /// A zero cluster: reads zeros, whatever the backing file has.
        case zero
        /// Left as it is.
        case keep
    }

    public var actions: Set<RepairAction> = Set(RepairAction.allCases.filter(\.isDefault))
    public var invalidEntries = InvalidEntries.unallocate
    /// The most bytes by which copies may make one image longer.
    public var maximumGrowth: UInt64 = 1 << 30
    /// Whether the bytes of leaked clusters are kept in the journal, so that giving them back can be undone.
    public var savesLeaked = false

    public init() {}
}
