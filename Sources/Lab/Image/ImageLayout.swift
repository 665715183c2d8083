import QED

/// Where everything in a planned image stands. Clusters are counted from the start of the file.
struct ImageLayout {
    /// One L2 table.
    struct Table {
        let l1Index: UInt64
        let cluster: UInt64
        /// How many data clusters the tables before this one have.
        let firstSlot: UInt64
    }

    /// More L1 entries in use than this would need too much memory.
    private static let tableLimit: UInt64 = 1 << 24

    let clusterSize: UInt64
    let tableClusters: UInt64
    let tables: [Table]
    /// Clusters in the file.
    let fileClusters: UInt64

    private let allocation: ImagePlan.Allocation
    private let firstRegularCluster: UInt64
    private let permutation: Permutation

    init(_ plan: ImagePlan, pattern: GuestPattern) throws(LabError) {
        try ImageLayout.validate(plan, pattern)
        clusterSize = UInt64(plan.clusterSize)
        tableClusters = UInt64(plan.tableSize)
        allocation = plan.allocation
        let start = UInt64(max(plan.headerSize, 1)) + tableClusters
        var tables: [Table] = []
        var slot: UInt64 = 0
        for index in 0..<pattern.tableCount {
            let count = pattern.count(of: index)
            guard !count.isEmpty else { continue }
            let dataBefore = allocation == .sequential ? slot : 0
            let cluster = start + UInt64(tables.count) * tableClusters + dataBefore
            tables.append(Table(l1Index: index, cluster: cluster, firstSlot: slot))
            slot += count.data
        }
        firstRegularCluster = start
        fileClusters = start + UInt64(tables.count) * tableClusters + slot
        permutation = Permutation(count: slot, seed: plan.seed)
        self.tables = tables
    }

    /// The cluster of data slot `slot`, which the table at `position` in `tables` refers to.
    @inline(__always)
    func dataCluster(slot: UInt64, ofTable position: Int) -> UInt64 {
        switch allocation {
        case .sequential: firstRegularCluster + UInt64(position + 1) * tableClusters + slot
        case .shuffled: firstRegularCluster + UInt64(tables.count) * tableClusters + permutation[slot]
        }
    }

    private static func validate(_ plan: ImagePlan, _ pattern: GuestPattern) throws(LabError) {
        let name = "image plan"
        guard Header.clusterSizes.contains(plan.clusterSize), plan.clusterSize.nonzeroBitCount == 1 else {
            throw LabError(path: name, reason: "\(plan.clusterSize) is not a power of 2 in 4096...67108864")
        }
        guard Header.tableSizes.contains(plan.tableSize), plan.tableSize.nonzeroBitCount == 1 else {
            throw LabError(path: name, reason: "table size \(plan.tableSize) is not 1, 2, 4, 8 or 16")
        }
        guard plan.imageSize % 512 == 0, plan.imageSize <= plan.header.maximumImageSize else {
            throw LabError(path: name, reason: "image size \(plan.imageSize) is not a multiple of 512, or too large")
        }
        guard pattern.tableCount <= tableLimit else {
            throw LabError(path: name, reason: "more than \(tableLimit) L2 tables")
        }
        let nameLength = plan.backingFilename?.utf8.count ?? 0
        guard nameLength <= Header.maximumBackingFilenameSize, nameLength <= plan.clusterSize - 64 else {
            throw LabError(path: name, reason: "the backing file name is too long for the header")
        }
    }
}
