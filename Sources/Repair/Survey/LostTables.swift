import Files
import QED

extension CheckResult {
    /// The most data that one write allocates: guests and qemu-img write no more at once.
    private static let largestWrite: UInt64 = 2 << 20

    /// Whether tables that nothing refers to were found among the leaked clusters, and more than a crash leaves.
    var hasLostTables: Bool {
        findings.contains { $0.kind == .tableOrphaned } && !isLeftByCrash
    }

    /// Whether the leaks are those of one write that a crash cut short: a single run that ends the file, of a write's
    /// data and then, as the very last thing, its table. QEMU marks such an image dirty, overlays aside.
    private var isLeftByCrash: Bool {
        guard let header, let geometry, header.needCheck || header.namesBackingFile else { return false }
        let tables = findings.filter { $0.kind == .tableOrphaned }
        let runs = findings.filter { $0.kind == .clusterLeaked }
        guard tables.count == 1, tables[0].suppressedCount == 0, runs.count == 1, runs[0].suppressedCount == 0 else {
            return false
        }
        let end = geometry.wholeClustersEnd
        let writeClusters = max(CheckResult.largestWrite >> geometry.clusterShift, 1)
        return tables[0].fileOffset.rawValue.saturatingAdd(geometry.tableByteCount) == end
            && geometry.cluster(at: runs[0].fileOffset).rawValue.saturatingAdd(runs[0].clusterCount)
                == geometry.fileClusters
            && runs[0].clusterCount <= geometry.tableClusters + writeClusters
    }
}
