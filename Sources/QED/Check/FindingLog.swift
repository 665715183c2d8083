import Files

/// The findings of one image: neighbours merged into runs, each kind capped.
///
/// A hostile image can have billions of bad entries. What is not listed is counted in the `suppressedCount` of the
/// kind's last finding; the report's own counters stay exact.
struct FindingLog {
    /// The most findings of one kind.
    let limit: Int
    private(set) var findings: [Finding] = []
    /// Of each kind that was met: few, so a search is faster than hashing.
    private var latest: [Latest] = []

    /// The last finding of a kind, and how many of the kind there are.
    private struct Latest {
        let kind: FindingKind
        var position: Int
        var count: Int
    }

    init(limit: Int) { self.limit = max(limit, 1) }

    /// Adds a finding, or counts it as suppressed when its kind is full: by its clusters, or as 1 if it has none.
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

    /// Counts more of a kind that is in the log without listing it.
    mutating func suppress(_ count: UInt64, of kind: FindingKind) {
        guard count > 0, let index = index(of: kind) else { return }
        let position = latest[index].position
        findings[position].suppressedCount = findings[position].suppressedCount.saturatingAdd(count)
    }

    /// Adds a finding about one entry, or lengthens the last finding of its kind if that ends just before it.
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
