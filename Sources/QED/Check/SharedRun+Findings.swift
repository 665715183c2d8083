extension SharedRunLog {
    /// Adds the runs to a log as findings, split where their first owners do not run on.
    func addFindings(to log: inout FindingLog, owners: [OwnedRun], geometry: Geometry) {
        var lastKinds: (table: FindingKind, data: FindingKind) = (.l2TableOverlaps, .dataClusterShared)
        for run in runs {
            for finding in run.findings(owners: owners, geometry: geometry) {
                if run.isTable { lastKinds.table = finding.kind } else { lastKinds.data = finding.kind }
                log.add(finding)
            }
        }
        // Whose they were first is not known of those that are not listed: they count as the last one that is.
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

    /// Whether the whole table is another L1 entry's, and does not only overlap something.
    private func isSameTable(as owner: (owner: ClusterOwner, length: UInt64)?, _ geometry: Geometry) -> Bool {
        guard case .l2Table = owner?.owner, owner?.length == geometry.tableClusters else { return false }
        return geometry.cluster(at: ByteOffset(entry.value)) == cluster
    }

    /// The first owner of a cluster, and how far its run goes from there.
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
