import Files
import QED

extension CheckResult {
    /// How many bytes one write can allocate: guests and qemu-img write no more at once.
    private static let largestWrite: UInt64 = 2 << 20

    /// Whether the leaked clusters hold tables that nothing refers to, and more of them than a crash leaves.
    var hasLostTables: Bool {
        findings.contains { $0.kind == .tableOrphaned } && !isLeftByCrash
    }

    /// Whether the leaks are those of one write that a crash has interrupted: a single run at the end of the file, with
    /// the data of one write and then its table. QEMU marks such an image dirty, unless it is an overlay.
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
