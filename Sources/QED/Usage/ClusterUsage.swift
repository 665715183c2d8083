import Files

/// What each cluster of an image is used for, in cells: the map of its file and the map of its guest's disk.
///
/// Of a whole image the numbers are those of `Checker`. Memory follows the references, as the check's does, and there
/// are three maps of them instead of one; what is over the limits makes the map partial.
public struct ClusterUsage: Hashable, Sendable {
    /// What the entries of the tables are, with those that have no place in the file or in the guest's disk.
    public struct Entries: Hashable, Sendable {
        /// L2 entries that refer to a data cluster, valid or not; `EntryCounts.allocated`.
        public internal(set) var allocated: UInt64 = 0
        /// L2 entries of zero clusters; `EntryCounts.zero`.
        public internal(set) var zero: UInt64 = 0
        /// L1 entries whose offset cannot be used.
        public internal(set) var invalidTables: UInt64 = 0
        /// L2 entries whose offset cannot be used.
        public internal(set) var invalidData: UInt64 = 0
        /// References to clusters that were in use already: of each shared cluster all but the first.
        public internal(set) var sharedReferences: UInt64 = 0

        init() {}

        /// L1 and L2 entries whose offset cannot be used. They have no place in the file.
        public var invalid: UInt64 { invalidTables + invalidData }
        /// The check's count.
        public var corruptions: UInt64 { invalid + sharedReferences }
    }

    public let geometry: Geometry
    /// The file, the header first. Its clusters are the whole ones and the partial one at the end.
    public let file: UsageStrip<FileUse>
    /// The disk that the guest sees.
    public let guest: UsageStrip<GuestUse>
    public let entries: Entries
    /// Why the reading ended early, if it did.
    public let stop: CheckStop?
    /// Reads that failed.
    public let readErrors: UInt64
    /// Whether the file system told which data is in holes; if not, some `FileUse.hole` counts as `data`.
    public let knowsHoles: Bool

    /// Whether every table was read. If not, the file's unreferenced clusters are `unknown` and not `leaked`.
    public var isComplete: Bool { stop == nil && readErrors == 0 }

    /// Why the map is partial, as a clause; nil if it is not.
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
        case .unreadable(let error): "the header: \(error.reason)"
        case .notQED: "it is not in QED format"
        case .header(let fault): fault.description
        }
    }
}
