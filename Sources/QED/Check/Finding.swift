/// One thing that the check found, or a run of neighbours of the same kind.
public struct Finding: Hashable, Sendable {
    public let kind: FindingKind
    /// The first entry concerned; nil for the header and for leaked clusters. For an orphaned table the L1 entry that
    /// it belongs to, nil if more than one comes into question.
    public let place: TableIndex?
    /// What the first entry, or the header's field, contains. For an orphaned table how many L1 entries it may belong
    /// to.
    public let entryValue: UInt64?
    /// Where it stands in the file: the header's field, the first entry, the first leaked cluster, or the orphaned
    /// table.
    public let fileOffset: ByteOffset
    /// What it adds to the image's counter: corruptions, or leaked clusters. For a notice the number of entries, or 0.
    /// For an orphaned table 0, since its clusters are counted as leaked ones already.
    public internal(set) var clusterCount: UInt64
    /// The guest bytes that the entries map; for an orphaned table as for `place`.
    public internal(set) var guestRange: GuestRange?
    /// Whoever had the first of the shared clusters before this entry.
    public let otherOwner: ClusterOwner?
    /// How much more of this kind was counted but is not listed. Nonzero only in the last finding of a kind. Of orphaned
    /// tables their number.
    public internal(set) var suppressedCount: UInt64 = 0

    public init(
        kind: FindingKind, place: TableIndex? = nil, entryValue: UInt64? = nil, fileOffset: ByteOffset,
        clusterCount: UInt64, guestRange: GuestRange? = nil, otherOwner: ClusterOwner? = nil
    ) {
        self.kind = kind
        self.place = place
        self.entryValue = entryValue
        self.fileOffset = fileOffset
        self.clusterCount = clusterCount
        self.guestRange = guestRange
        self.otherOwner = otherOwner
    }
}

/// What a cluster is used for, and by which entry.
public enum ClusterOwner: Hashable, Sendable {
    case l1Table
    /// The L2 table of an L1 entry.
    case l2Table(l1Index: Int)
    /// The data cluster of an L2 entry.
    case data(l1Index: Int, l2Index: Int)

    public var isMetadata: Bool {
        if case .data = self { false } else { true }
    }

    public var place: TableIndex? {
        switch self {
        case .l1Table: nil
        case .l2Table(let l1Index): TableIndex(l1Index: l1Index)
        case .data(let l1Index, let l2Index): TableIndex(l1Index: l1Index, l2Index: l2Index)
        }
    }
}
