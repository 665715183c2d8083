/// What clusters are used for. The cases are in the order of their importance.
public protocol ClusterUse: CaseIterable, Hashable, Sendable, RawRepresentable<Int> {
    /// A stable name for programs to read, in lower case with underscores.
    var slug: String { get }
    /// The name for people.
    var label: String { get }
    /// Whether a few of them are normal anywhere: see `UsageCell.leadingUse`.
    var isEverywhere: Bool { get }
}

/// What a cluster of the file is used for: each cluster has exactly one use.
public enum FileUse: Int, ClusterUse {
    /// More than one entry refers to it, or more than one table uses it.
    case shared
    /// Nothing refers to it.
    case leaked
    /// Nothing that was read refers to it, but something could not be read.
    case unknown
    /// The file's last, partial cluster. No entry may refer to it.
    case partialTail
    case header
    case l1Table
    case l2Table
    /// Guest data.
    case data
    /// Guest data in a hole of the file: it takes no disk space and reads as zeros.
    case hole

    public var slug: String {
        switch self {
        case .shared: "shared"
        case .leaked: "leaked"
        case .unknown: "unknown"
        case .partialTail: "partial_tail"
        case .header: "header"
        case .l1Table: "l1_table"
        case .l2Table: "l2_table"
        case .data: "data"
        case .hole: "hole"
        }
    }

    public var label: String {
        switch self {
        case .shared: "shared"
        case .leaked: "leaked"
        case .unknown: "unknown"
        case .partialTail: "partial tail"
        case .header: "header"
        case .l1Table: "L1 table"
        case .l2Table: "L2 table"
        case .data: "data"
        case .hole: "data in a hole"
        }
    }

    public var isEverywhere: Bool { self == .l2Table }
}

/// What a cluster of the guest's disk is: each cluster is exactly one thing.
public enum GuestUse: Int, ClusterUse {
    /// Its L2 entry, or the L1 entry of its table, has an offset that cannot be used.
    case invalid
    /// Its table could not be read, or reading ended before it because of a limit.
    case unread
    /// Its cluster or its table was already in use when the tables were read in order. The first one that uses it does
    /// not count here.
    case shared
    /// It has a data cluster of its own, or is the first of those that share one.
    case allocated
    /// A zero cluster.
    case zero
    /// It reads from the backing file, or as zeros.
    case unallocated

    public var slug: String { label }

    public var label: String {
        switch self {
        case .invalid: "invalid"
        case .unread: "unread"
        case .shared: "shared"
        case .allocated: "allocated"
        case .zero: "zero"
        case .unallocated: "unallocated"
        }
    }

    public var isEverywhere: Bool { false }
}
