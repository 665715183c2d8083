import Files
import QED

/// What is wrong in the tables of an image, entry by entry: actions plan from it.
///
/// For the check, the later of two entries that share a cluster is wrong. For a repair, metadata comes first: the L1
/// table and every L2 table keep their clusters, and a data entry that points into one of them gets a copy, whichever
/// comes first.
struct ImageSurvey {
    let header: Header
    /// The geometry; with a complete last cluster, if the survey was asked to assume one.
    let geometry: Geometry
    /// Bytes of the file.
    let fileSize: UInt64
    let claims: MetadataClaims
    let entries: EntryClaims
    /// Every cluster of a table, or that an entry refers to.
    let map: ClusterMap

    /// Where the file's clusters end, the last, partial one included: new clusters begin here.
    var clustersEnd: UInt64 { fileSize.saturatingAdd(geometry.clusterSize - 1) & ~(geometry.clusterSize - 1) }

    /// Where the file's last, partial cluster begins; `clustersEnd` if there is none.
    var wholeClustersEnd: UInt64 { fileSize & ~(geometry.clusterSize - 1) }

    /// Entries that refer to the partial cluster: L1 entries whose table ends in it, and data entries.
    var partialClusterUsers: [EntryWord] { claims.partialClusterUsers + entries.partialClusterUsers }

    /// Whether anything refers to the partial cluster.
    var usesPartialCluster: Bool { claims.l1TableIsPartial || !partialClusterUsers.isEmpty }

    /// All entries whose offset cannot be used.
    var faults: [EntryFault] { claims.faults + entries.faults }

    /// Whether nothing is wrong except, perhaps, leaks.
    var isSound: Bool {
        claims.faults.isEmpty && claims.sharedTables.isEmpty && claims.overlappingTables.isEmpty
            && entries.faults.isEmpty && entries.shared.isEmpty && !usesPartialCluster
    }

    /// Other L1 entries that refer to the same L2 table.
    func sharers(of l1Index: Int) -> [Int] { claims.sharersByOwner[l1Index] ?? [] }

    /// Walks the tables.
    ///
    /// - Parameter completesTail: whether to treat the file's last, partial cluster as complete.
    static func make(
        _ source: any ImageSource, header: Header, completesTail: Bool, limits: CheckLimits
    ) throws(RepairFailure) -> ImageSurvey {
        let fileSize = source.size
        let source: any ImageSource = completesTail ? OverlaySource(completing: source, header: header) : source
        let geometry = try surveyedGeometry(header, fileSize: source.size)
        let map = ClusterMap(clusterCount: geometry.fileClusters, budget: limits.memory)
        let workspace = CheckWorkspace()
        func walk(_ visitor: inout some TableVisitor) throws(RepairFailure) {
            let clock = CheckClock(limits: limits, diskSize: source.diskSize, isCancelled: { false })
            var walk = TableWalk(source: source, geometry: geometry, workspace: workspace, clock: clock)
            walk.run(&visitor)
            if let error = walk.errors.errors.first { throw .image(error.error) }
            if let stop = walk.stop { throw .unexpected(stop.message) }
            if map.isExhausted { throw .unexpected(CheckStop.memoryLimit(bytes: limits.memory.limit).message) }
        }
        let partialCluster = fileSize & (geometry.clusterSize - 1) == 0 ? nil : fileSize >> geometry.clusterShift

        var claims = MetadataClaims(geometry: geometry, map: map, partialCluster: partialCluster)
        try walk(&claims)
        if !claims.overlaps.isEmpty {
            var owners = TableOwners(of: claims.overlaps)
            try walk(&owners)
            claims.resolve(owners)
        }
        var entries = EntryClaims(geometry: geometry, map: map, claims: claims, partialCluster: partialCluster)
        try walk(&entries)
        guard !claims.isOverLimit, !entries.isOverLimit else {
            throw .unexpected("more than \(EntryWord.limit) entries are wrong: too many to repair")
        }
        let survey = ImageSurvey(
            header: header, geometry: geometry, fileSize: fileSize, claims: claims, entries: entries, map: map)
        guard survey.affectedRangeCount <= UInt64(EntryWord.limit) else {
            throw .unexpected("more than \(EntryWord.limit) ranges of guest bytes are affected: too many to repair")
        }
        return survey
    }

    /// How many guest ranges may read differently after a repair. An entry of a shared table counts once for each L1
    /// entry.
    private var affectedRangeCount: UInt64 {
        (faults.map(\.word) + partialClusterUsers).reduce(0) {
            $0.saturatingAdd(UInt64(1 + sharers(of: $1.place.l1Index).count))
        }
    }

    private static func surveyedGeometry(_ header: Header, fileSize: UInt64) throws(RepairFailure) -> Geometry {
        do throws(HeaderFault) {
            return try Geometry(validating: header, fileSize: fileSize)
        } catch {
            throw .unexpected("the header cannot be used: \(error)")
        }
    }
}
