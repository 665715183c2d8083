extension SharedRunLog {
    /// Adds the runs to a log as findings, split where the run of their first owners ends.
    func addFindings(to log: inout FindingLog, owners: [OwnedRun], geometry: Geometry) {
        var lastKinds: (table: FindingKind, data: FindingKind) = (.l2TableOverlaps, .dataClusterShared)
        for run in runs {
            for finding in run.findings(owners: owners, geometry: geometry) {
                if run.isTable { lastKinds.table = finding.kind } else { lastKinds.data = finding.kind }
                log.add(finding)
            }
        }
        // The first owners of those that are not listed are not known, so they count as the kind of the last one that
        // is.
        log.suppress(suppressedTables, of: lastKinds.table)
        log.suppress(suppressedData, of: lastKinds.data)
    }
}

extension SharedRun {
    fileprivate func findings(owners: [OwnedRun], geometry: Geometry) -> [Finding] {
        if isTable {
            let owner = SharedRun.owner(of: cluster.rawValue, in: owners)
            let kind: FindingKind = isSameTable(as: owner, geometry) ? .l2TableShared : .l2TableOverlaps
            return [finding(kind, part: 0, count: count, owner: owner?.owner, geometry)]
        }
        var findings: [Finding] = []
        var done: UInt64 = 0
        while done < count {
            let owner = SharedRun.owner(of: cluster.rawValue + done, in: owners)
            let length = min(count - done, owner?.length ?? count - done)
            let kind: FindingKind =
                owner?.owner.isMetadata == true ? .dataClusterInMetadata : .dataClusterShared
            findings.append(finding(kind, part: done, count: length, owner: owner?.owner, geometry))
            done += length
        }
        return findings
    }

    private func finding(
        _ kind: FindingKind, part: UInt64, count: UInt64, owner: ClusterOwner?, _ geometry: Geometry
    ) -> Finding {
        let first = TableIndex(
            l1Index: entry.place.l1Index, l2Index: entry.place.l2Index.map { $0 + Int(part) })
        return Finding(
            kind: kind, place: first,
            entryValue: entry.value + part * geometry.clusterSize,
            fileOffset: ByteOffset(entry.fileOffset(geometry).rawValue + part * 8), clusterCount: count,
            guestRange: geometry.guestRange(from: first, entryCount: isTable ? 1 : count), otherOwner: owner)
    }

    /// Whether another L1 entry refers to the same table, so that it does not only overlap something.
    private func isSameTable(as owner: (owner: ClusterOwner, length: UInt64)?, _ geometry: Geometry) -> Bool {
        guard case .l2Table = owner?.owner, owner?.length == geometry.tableClusters else { return false }
        return geometry.cluster(at: ByteOffset(entry.value)) == cluster
    }

    /// The first owner of a cluster, and the length of its run from there on.
    private static func owner(of cluster: UInt64, in owners: [OwnedRun]) -> (owner: ClusterOwner, length: UInt64)? {
        var low = 0
        var high = owners.count
        while low < high {
            let middle = (low + high) / 2
            if owners[middle].end <= cluster { low = middle + 1 } else { high = middle }
        }
        guard low < owners.count, owners[low].cluster.rawValue <= cluster else { return nil }
        let run = owners[low]
        return (run.owner(after: cluster - run.cluster.rawValue), run.end - cluster)
    }
}

/// Entries whose clusters were already in use: a run of consecutive L2 entries that refer to consecutive clusters, or
/// one L1 entry.
struct SharedRun {
    let entry: EntryAddress
    /// The first cluster that was already in use.
    let cluster: ClusterIndex
    /// How many clusters were already in use. For L2 entries, this is also the length of the run.
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

/// The shared runs of one image. Tables and data clusters are limited separately, as in `FindingLog`.
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
