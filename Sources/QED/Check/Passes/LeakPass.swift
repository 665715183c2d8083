import Files

/// Lists the clusters that nothing refers to.
///
/// - What it tests: each cluster from the first regular one to the last complete one of the file.
/// - When it is skipped: some table could not be read, since its clusters would seem leaked.
struct LeakPass {
    let geometry: Geometry
    let map: ClusterMap

    /// The number of leaked clusters, by arithmetic.
    var leakCount: UInt64 {
        geometry.fileClusters - geometry.firstRegularCluster.rawValue - map.usedCount
    }

    /// Adds a finding for each run of leaked clusters.
    func run(log: inout FindingLog) {
        guard leakCount > 0 else { return }
        map.forEachUnmarkedRun(from: geometry.firstRegularCluster) { start, count in
            log.add(Finding(kind: .clusterLeaked, fileOffset: geometry.offset(of: start), clusterCount: count))
        }
    }
}

/// The number of leaks that `qemu-img check` (QEMU 7.2 to 10) prints, where the true number is known.
///
/// It converts bytes to clusters by dividing by (cluster size - 1), so with n clusters in the file it counts another
/// floor(n / (cluster size - 1)) as leaked. It rounds the file size up to 512 bytes, so a last cluster that lacks up to
/// 511 bytes counts as complete. And it counts in 32 bits. It prints less only if a shared cluster is on such a
/// boundary.
struct QEMULeaks {
    let header: Header
    let geometry: Geometry
    let usesPartialCluster: Bool

    /// nil if QEMU refuses to open the image.
    func count(trueLeaks: UInt64) -> Int64? {
        guard header.tableSize > 1, header.imageSize <= wrappedMaximumImageSize else { return nil }
        let roundedSize = geometry.fileSize.saturatingAdd(511) & ~511
        let clusters = roundedSize >> geometry.clusterShift
        let extraCluster: UInt64 = clusters > geometry.fileClusters && !usesPartialCluster ? 1 : 0
        let headerCluster: UInt64 = header.headerSize == 0 ? 1 : 0
        let falseLeaks = clusters / (geometry.clusterSize - 1)
        return Int64(Int32(truncatingIfNeeded: trueLeaks &+ extraCluster &+ headerCluster &+ falseLeaks))
    }

    /// QEMU computes the limit in 64 bits without a test for overflow.
    private var wrappedMaximumImageSize: UInt64 {
        header.tableEntryCount &* header.tableEntryCount &* UInt64(header.clusterSize)
    }
}
