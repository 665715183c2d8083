import Files

/// One problem that the check has found, or a run of neighbouring entries or clusters with the same problem.
public struct Finding: Hashable, Sendable {
    public let kind: FindingKind
    /// The first entry with the problem; nil for the header and for leaked clusters. For an orphaned table, the L1
    /// entry that it belongs to; nil if it may belong to several.
    public let place: TableIndex?
    /// The value of the first entry or of the header's field. For an orphaned table, the number of L1 entries that it
    /// may belong to.
    public let entryValue: UInt64?
    /// Where the header's field, the first entry, the first leaked cluster or the orphaned table is in the file.
    public let fileOffset: ByteOffset
    /// What it adds to the image's count of corruptions or leaked clusters. For a notice, the number of entries, or 0.
    /// For an orphaned table 0, since its clusters already count as leaked.
    public internal(set) var clusterCount: UInt64
    /// The guest bytes that the entries map; for an orphaned table, those of `place`.
    public internal(set) var guestRange: GuestRange?
    /// The earlier owner of the first shared cluster.
    public let otherOwner: ClusterOwner?
    /// How much more of this kind is counted but not listed: clusters, or orphaned tables. Only the last finding of a
    /// kind has a number other than 0.
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

/// What uses a cluster, and by which entry.
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

/// The findings of one image. Neighbours become runs, and the number of findings of each kind is limited.
///
/// A hostile image can have billions of bad entries. What is not listed is counted in the `suppressedCount` of the last
/// finding of its kind; the counters of the result stay exact.
struct FindingLog {
    /// The most findings of one kind.
    let limit: Int
    private(set) var findings: [Finding] = []
    /// One for each kind so far: they are few, so a search is faster than hashing.
    private var latest: [Latest] = []

    /// The last finding of a kind, and the number of findings of that kind.
    private struct Latest {
        let kind: FindingKind
        var position: Int
        var count: Int
    }

    init(limit: Int) { self.limit = max(limit, 1) }

    /// Adds a finding. If its kind has reached the limit, only its clusters are counted, or 1 if it has none.
    mutating func add(_ finding: Finding) {
        if let index = index(of: finding.kind) {
            guard latest[index].count < limit else { return suppress(max(finding.clusterCount, 1), of: finding.kind) }
            latest[index].position = findings.count
            latest[index].count += 1
        } else {
            latest.append(Latest(kind: finding.kind, position: findings.count, count: 1))
        }
        findings.append(finding)
    }

    /// Counts more of a kind that has a finding, without listing it.
    mutating func suppress(_ count: UInt64, of kind: FindingKind) {
        guard count > 0, let index = index(of: kind) else { return }
        let position = latest[index].position
        findings[position].suppressedCount = findings[position].suppressedCount.saturatingAdd(count)
    }

    /// Adds a finding about one entry. If the last finding of its kind ends just before it, that one is lengthened
    /// instead.
    mutating func addEntry(_ finding: Finding, geometry: Geometry) {
        if let position = index(of: finding.kind).map({ latest[$0].position }),
            findings[position].suppressedCount == 0, finding.isNext(after: findings[position])
        {
            findings[position].lengthen(by: finding, geometry: geometry)
        } else {
            add(finding)
        }
    }

    private func index(of kind: FindingKind) -> Int? { latest.firstIndex { $0.kind == kind } }
}

extension Finding {
    /// Whether this finding's entry follows the last entry of a run.
    fileprivate func isNext(after run: Finding) -> Bool {
        guard let place, let start = run.place else { return false }
        let length = Int(run.clusterCount)
        guard let l2Index = place.l2Index else {
            return start.l2Index == nil && place.l1Index == start.l1Index + length
        }
        return place.l1Index == start.l1Index && l2Index == (start.l2Index ?? l2Index) + length
    }

    fileprivate mutating func lengthen(by next: Finding, geometry: Geometry) {
        clusterCount += next.clusterCount
        if let place { guestRange = geometry.guestRange(from: place, entryCount: clusterCount) }
    }
}
