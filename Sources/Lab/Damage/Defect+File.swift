import QED

extension Defect {
    func applyToFile(of editor: ImageEditor, using random: inout SeededRandom) throws(LabError) {
        let geometry = try editor.geometry()
        let clusterSize = geometry.clusterSize
        switch self {
        case .clusterLeaked: _ = try editor.appendClusters(1)
        case .leakedTail: try leakTable(editor, geometry, using: &random)
        case .trailingPartialCluster:
            let offset = try editor.appendClusters(1)
            try editor.truncate(to: offset + UInt64.random(in: 1..<clusterSize, using: &random))
        case .truncatedInData:
            let entry = try EntrySample(editor).data(using: &random)
            try editor.truncate(to: entry.value + UInt64.random(in: 1..<clusterSize, using: &random))
        case .shortTail511:
            try editor.truncate(to: geometry.wholeClustersEnd - UInt64.random(in: 1...511, using: &random))
        case .zeroLength: try editor.truncate(to: 0)
        default: break
        }
    }

    /// The state of a first write that crashed before its L1 entry was written: a table with one entry, and the data.
    private func leakTable(
        _ editor: ImageEditor, _ geometry: Geometry, using random: inout SeededRandom
    ) throws(LabError) {
        let table = try editor.appendClusters(geometry.tableClusters + 1)
        let data = table + geometry.tableByteCount
        let entry = UInt64.random(in: 0..<UInt64(geometry.entriesPerTable), using: &random)
        try editor.write(data, at: table + entry * 8, byteCount: 8)
        try editor.writeGarbage(from: data, count: min(geometry.clusterSize, 65536), using: &random)
    }

    /// Puts a sound image of another layout in the file.
    func replace(_ editor: ImageEditor, using random: inout SeededRandom) throws(LabError) {
        let header = try editor.header()
        var plan = ImagePlan()
        plan.clusterSize = header.clusterSize
        plan.tableSize = header.tableSize
        plan.guestClusters = .firstOfEachTable(16)
        plan.seed = random.next()
        switch self {
        case .tableSize1: plan.tableSize = 1
        case .tableSize16: plan.tableSize = 16
        default: plan.headerSize = 3
        }
        // Two tables, if the image is to be so large.
        plan.imageSize = min(header.imageSize, 2 * plan.entriesPerTable * UInt64(header.clusterSize))
        try ImageWriter(plan).write(to: editor.file)
    }
}
