/// Entries whose clusters were in use already: a run of consecutive L2 entries that refer to consecutive clusters, or
/// one L1 entry.
struct SharedRun {
    let entry: EntryAddress
    /// The first cluster that was in use.
    let cluster: ClusterIndex
    /// How many were. For L2 entries also the length of the run.
    fileprivate(set) var count: UInt64

    init(_ entry: EntryAddress, cluster: ClusterIndex, count: UInt64) {
        self.entry = entry
        self.cluster = cluster
        self.count = count
    }

    /// One past the last cluster of the run.
    var end: UInt64 { cluster.rawValue + count }
    var isTable: Bool { entry.place.l2Index == nil }

    /// Whether another run continues this one, in its table and in the file.
    fileprivate func isContinued(by next: SharedRun) -> Bool {
        guard let l2Index = entry.place.l2Index, let nextL2Index = next.entry.place.l2Index else { return false }
        return next.entry.place.l1Index == entry.place.l1Index && nextL2Index == l2Index + Int(count)
            && next.cluster.rawValue == end
    }
}

/// The shared runs of one image, capped like `FindingLog`: tables and data clusters apart.
struct SharedRunLog {
    private let limit: Int
    private(set) var runs: [SharedRun] = []
    /// Shared clusters that no run lists.
    private(set) var suppressedTables: UInt64 = 0
    private(set) var suppressedData: UInt64 = 0
    private var tableCount = 0

    init(limit: Int) { self.limit = limit }

    mutating func add(_ run: SharedRun) {
        if let last = runs.last, suppressedData == 0, last.isContinued(by: run) {
            runs[runs.count - 1].count += run.count
        } else if run.isTable, tableCount < limit {
            tableCount += 1
            runs.append(run)
        } else if !run.isTable, runs.count - tableCount < limit {
            runs.append(run)
        } else if run.isTable {
            suppressedTables += run.count
        } else {
            suppressedData += run.count
        }
    }
}
