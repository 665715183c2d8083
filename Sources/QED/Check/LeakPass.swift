/// Lists the clusters that nothing refers to.
///
/// - What it tests: each cluster from the first regular one to the last whole one of the file.
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
