import Files

/// What the clusters of an image are used for, in cells: a map of the file and a map of the guest's disk.
///
/// For a complete map, the numbers are those of `Checker`. Memory depends on the references, as in a check, but there
/// are three maps of them instead of one. If the image exceeds the limits, the map is partial.
public struct ClusterUsage: Hashable, Sendable {
    /// Counts of the entries in the tables. Some of them have no place in the file or on the guest's disk.
    public struct Entries: Hashable, Sendable {
        /// L2 entries that refer to a data cluster, valid or not; `EntryCounts.allocated`.
        public internal(set) var allocated: UInt64 = 0
        /// L2 entries of zero clusters; `EntryCounts.zero`.
        public internal(set) var zero: UInt64 = 0
        /// L1 entries whose offset cannot be used.
        public internal(set) var invalidTables: UInt64 = 0
        /// L2 entries whose offset cannot be used.
        public internal(set) var invalidData: UInt64 = 0
        /// References to clusters that were already in use: for each shared cluster, all except the first.
        public internal(set) var sharedReferences: UInt64 = 0

        init() {}

        /// L1 and L2 entries whose offset cannot be used. They have no place in the file.
        public var invalid: UInt64 { invalidTables + invalidData }
        /// The check's count.
        public var corruptions: UInt64 { invalid + sharedReferences }
    }

    public let geometry: Geometry
    /// The file, from the header on, with its partial cluster at the end.
    public let file: UsageStrip<FileUse>
    /// The disk that the guest sees.
    public let guest: UsageStrip<GuestUse>
    public let entries: Entries
    /// Why reading ended early, if it did.
    public let stop: CheckStop?
    /// Reads that failed.
    public let readErrors: UInt64
    /// Whether the file system has said which data is in holes. If not, some of it counts as `FileUse.data`.
    public let knowsHoles: Bool

    /// Whether every table was read. If not, unreferenced clusters of the file are `unknown` instead of `leaked`.
    public var isComplete: Bool { stop == nil && readErrors == 0 }

    /// Why the map is partial, as a clause; nil if it is complete.
    public var gap: String? {
        if let stop { return stop.message }
        return readErrors == 0 ? nil : "\(readErrors) reads of tables failed"
    }
}

/// Why there is no map of an image.
public enum ClusterUsageFault: Error, Hashable, Sendable {
    case unreadable(SystemError)
    case notQED
    case header(HeaderFault)
}

extension ClusterUsageFault: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unreadable(let error): "cannot read the header: \(error.reason)"
        case .notQED: "it is not in QED format"
        case .header(let fault): fault.description
        }
    }
}
