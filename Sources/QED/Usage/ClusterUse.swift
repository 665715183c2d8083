/// What clusters are used for. The order of the cases is their rank, the most telling one first.
public protocol ClusterUse: CaseIterable, Hashable, Sendable, RawRepresentable<Int> {
    /// A stable name for programs to read, in lower case with underscores.
    var slug: String { get }
    /// What it is called among people.
    var label: String { get }
    /// Whether a few of them are no news: see `UsageCell.leadingUse`.
    var isEverywhere: Bool { get }
}

/// What a cluster of the file is used for: each cluster has exactly one use.
public enum FileUse: Int, ClusterUse {
    /// More than one entry refers to it, or more than one table lies on it.
    case shared
    /// Nothing refers to it.
    case leaked
    /// Nothing that was read refers to it, but not all could be read.
    case unknown
    /// The file's last cluster, which is only partly there. No entry may refer to it.
    case partialTail
    case header
    case l1Table
    case l2Table
    /// Guest data.
    case data
    /// Guest data that is a hole in the file: it takes no disk, and reads as zeros.
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
    /// Its table could not be read, or the limits of the check ended the reading before it.
    case unread
    /// Its cluster, or its table, was in use already when the tables were read in order. Of those that share something
    /// the first is not counted here.
    case shared
    /// It has a data cluster to itself, or had it first.
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
