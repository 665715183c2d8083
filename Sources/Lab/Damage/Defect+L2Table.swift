import QED

extension Defect {
    func applyToL2Table(of editor: ImageEditor, using random: inout SeededRandom) throws(LabError) {
        let sample = try EntrySample(editor)
        let geometry = sample.geometry
        switch self {
        case .l2TableWiped:
            try editor.wipe(from: tableWithData(sample, using: &random), count: geometry.tableByteCount)
        case .l2Garbage:
            let table = try sample.table(using: &random)
            try editor.writeGarbage(from: table.offset, count: geometry.tableByteCount, using: &random)
        case .dataClusterShared:
            let (first, second) = try sample.twoData(using: &random)
            try editor.writeL2(first.value, at: second.l2Index, of: second.l1Index)
        case .dataOffsetInHeader:
            let entry = try sample.data(using: &random)
            try editor.writeL2(editor.widenHeader(), at: entry.l2Index, of: entry.l1Index)
        case .dataClusterTruncated:
            let entry = try sample.data(using: &random)
            let offset = try editor.appendClusters(1)
            try editor.truncate(to: offset + UInt64.random(in: 1..<geometry.clusterSize, using: &random))
            try editor.writeL2(offset, at: entry.l2Index, of: entry.l1Index)
        default:
            let entry = try sample.data(using: &random)
            let value = try value(instead: entry, sample, using: &random)
            try editor.writeL2(value, at: entry.l2Index, of: entry.l1Index)
        }
    }

    /// The value for each defect that is one value of an L2 entry.
    private func value(
        instead entry: EntrySample.DataEntry, _ sample: EntrySample, using random: inout SeededRandom
    ) throws(LabError) -> UInt64 {
        let geometry = sample.geometry
        switch self {
        case .dataOffsetUnaligned: return entry.value + UInt64.random(in: 1..<geometry.clusterSize, using: &random)
        case .dataOffsetBeyondFile:
            return geometry.wholeClustersEnd + UInt64.random(in: 1...1000, using: &random) * geometry.clusterSize
        case .dataHighBit: return entry.value | 1 << UInt64.random(in: 60...63, using: &random)
        case .dataOnL1: return cluster(ofTableAt: geometry.l1TableOffset.rawValue, geometry, using: &random)
        case .dataOnL2:
            // The walk must meet the table before the entry. Otherwise it reports the table.
            let earlier = sample.tables.filter { $0.l1Index <= entry.l1Index }
            guard let table = earlier.randomElement(using: &random) else { throw sample.missing("L2 table") }
            return cluster(ofTableAt: table.offset, geometry, using: &random)
        case .dataClusterInMetadata:
            let table = sample.tables.first?.offset ?? geometry.l1TableOffset.rawValue
            let offset = Bool.random(using: &random) ? table : geometry.l1TableOffset.rawValue
            return cluster(ofTableAt: offset, geometry, using: &random)
        case .leakedMiddle: return 0
        default: return entry.value
        }
    }

    private func cluster(
        ofTableAt offset: UInt64, _ geometry: Geometry, using random: inout SeededRandom
    ) -> UInt64 {
        offset + UInt64.random(in: 0..<geometry.tableClusters, using: &random) * geometry.clusterSize
    }

    private func tableWithData(_ sample: EntrySample, using random: inout SeededRandom) throws(LabError) -> UInt64 {
        let entry = try sample.data(using: &random)
        guard let table = sample.tables.first(where: { $0.l1Index == entry.l1Index }) else {
            throw sample.missing("L2 table")
        }
        return table.offset
    }
}
