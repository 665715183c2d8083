/// A position in an image file, in bytes from its start.
public struct ByteOffset: RawRepresentable, Hashable, Comparable, Sendable {
    public let rawValue: UInt64

    public init(rawValue: UInt64) { self.rawValue = rawValue }
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }

    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// A cluster of an image file, counted from the start of the file: cluster 0 holds the header.
public struct ClusterIndex: RawRepresentable, Hashable, Comparable, Sendable {
    public let rawValue: UInt64

    public init(rawValue: UInt64) { self.rawValue = rawValue }
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }

    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// The place of an entry in the tables: entry `l1Index` of the L1 table or, with `l2Index`, entry `l2Index` of the
/// L2 table that it refers to.
public struct TableIndex: Hashable, Comparable, Sendable {
    public let l1Index: Int
    public let l2Index: Int?

    public init(l1Index: Int, l2Index: Int? = nil) {
        self.l1Index = l1Index
        self.l2Index = l2Index
    }

    public static func < (left: Self, right: Self) -> Bool {
        (left.l1Index, left.l2Index ?? -1) < (right.l1Index, right.l2Index ?? -1)
    }
}

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
    /// It reads from the backing file, or as zeros.
    case unallocated
    /// It reads as zeros and takes no cluster.
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
