import QED

extension Defect {
    func applyToL1Table(of editor: ImageEditor, using random: inout SeededRandom) throws(LabError) {
        let sample = try EntrySample(editor)
        let geometry = sample.geometry
        if self == .l1Wiped {
            return try editor.wipe(from: geometry.l1TableOffset.rawValue, count: geometry.tableByteCount)
        }
        if self == .tableOrphaned { return try editor.writeL1(0, at: sample.data(using: &random).l1Index) }
        let table = try sample.table(using: &random)
        switch self {
        case .l2TableShared:
            let other = try sample.otherL1Index(than: table.l1Index, using: &random)
            try editor.writeL1(table.offset, at: other)
        case .l2TableOverlaps:
            guard geometry.tableClusters > 1 else {
                return try editor.writeL1(geometry.l1TableOffset.rawValue, at: table.l1Index)
            }
            let other = try sample.otherL1Index(than: table.l1Index, using: &random)
            try editor.writeL1(table.offset + geometry.clusterSize, at: other)
        case .l2OffsetInHeader:
            let offset = try editor.widenHeader()
            try editor.writeL1(offset, at: table.l1Index)
        case .l2TableTruncated:
            let offset = try editor.appendClusters(geometry.tableClusters)
            let missing = UInt64.random(in: 1..<geometry.clusterSize, using: &random)
            try editor.truncate(to: offset + geometry.tableByteCount - missing)
            try editor.writeL1(offset, at: table.l1Index)
        case .l2OnData:
            let data = try sample.data(using: &random)
            // A table that begins at the last data cluster must still end within the file.
            _ = try editor.appendClusters(geometry.tableClusters)
            let later = sample.tables.filter { $0.l1Index > data.l1Index }.randomElement(using: &random)
            // Without a later table, the next entry is free and maps bytes past the end of the image.
            let index = later?.l1Index ?? data.l1Index + 1
            guard index < geometry.entriesPerTable else { throw sample.missing("later L1 entry") }
            try editor.writeL1(data.value, at: index)
        default:
            try editor.writeL1(value(instead: table.offset, geometry, using: &random), at: table.l1Index)
        }
    }

    /// The value for each defect that is one value of an L1 entry.
    private func value(
        instead offset: UInt64, _ geometry: Geometry, using random: inout SeededRandom
    ) -> UInt64 {
        switch self {
        case .l2OffsetUnaligned: offset + UInt64.random(in: 1..<geometry.clusterSize, using: &random)
        case .l2OffsetBeyondFile:
            geometry.wholeClustersEnd + UInt64.random(in: 1...1000, using: &random) * geometry.clusterSize
        case .l1EntryOne: 1
        case .l2OnL1: geometry.l1TableOffset.rawValue
        default: offset
        }
    }
}

extension ImageEditor {
    /// Moves the L1 table to the end and makes its old place a part of the header, so that entries can point into the
    /// header. Returns the offset of the old place. Nothing is leaked.
    func widenHeader() throws(LabError) -> UInt64 {
        let geometry = try geometry()
        let oldTable = geometry.l1TableOffset.rawValue
        var header = try header()
        guard oldTable == geometry.firstRegularCluster.rawValue * geometry.clusterSize else {
            throw LabError(path: path, reason: "the L1 table does not follow the header")
        }
        let newTable = try appendClusters(geometry.tableClusters)
        for table in try EntrySample(self).tables {
            try write(table.offset, at: newTable + UInt64(table.l1Index) * 8, byteCount: 8)
        }
        header.headerSize = UInt32(geometry.firstRegularCluster.rawValue + geometry.tableClusters)
        header.l1TableOffset = ByteOffset(newTable)
        try write(header)
        return oldTable
    }
}
