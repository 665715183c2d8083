/// An entry of the L1 table (QED specification, "Tables").
public enum L1Entry: Hashable, Sendable {
    case unallocated
    /// The offset of an L2 table, valid or not.
    case table(ByteOffset)

    public init(rawValue: UInt64) {
        self = rawValue == 0 ? .unallocated : .table(ByteOffset(rawValue))
    }
}

/// An entry of an L2 table.
public enum L2Entry: Hashable, Sendable {
    /// Reads from the backing file, or as zeros.
    case unallocated
    /// Reads as zeros and occupies no cluster.
    case zero
    /// The offset of a data cluster, valid or not.
    case data(ByteOffset)

    public init(rawValue: UInt64) {
        switch rawValue {
        case 0: self = .unallocated
        case 1: self = .zero
        default: self = .data(ByteOffset(rawValue))
        }
    }
}
