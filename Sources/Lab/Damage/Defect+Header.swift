import QED

extension Defect {
    func applyToHeader(of editor: ImageEditor, using random: inout SeededRandom) throws(LabError) {
        switch self {
        case .headerTruncated: try editor.truncate(to: UInt64.random(in: 4..<UInt64(Header.byteCount), using: &random))
        case .l1TableTruncated: try truncateL1Table(of: editor, using: &random)
        case .headerSizeTooLarge: try widenHeaderBeyondLimit(of: editor)
        case .entryBeyondImage: try shrinkImage(of: editor, using: &random)
        default:
            var header = try editor.header()
            let geometry = try editor.geometry()
            change(&header, geometry, using: &random)
            if self == .imageSizeTooLarge, header.imageSize <= header.maximumImageSize {
                throw LabError(path: editor.path, reason: "its tables can map any image size")
            }
            try editor.write(header)
        }
    }

    /// The value for each defect that is one value of one field.
    private func change(_ header: inout Header, _ geometry: Geometry, using random: inout SeededRandom) {
        switch self {
        case .featuresUnsupported: header.features.insert(FeatureBits(rawValue: 1 << bit(3...63, using: &random)))
        case .clusterSizeInvalid: header.clusterSize = random.pick(0, 2048, 4097, 12288, 65535, 1 << 27, 1 << 31)
        case .tableSizeInvalid: header.tableSize = random.pick(0, 3, 5, 32, 1 << 31)
        case .imageSizeUnaligned: header.imageSize |= UInt64.random(in: 1...511, using: &random)
        case .imageSizeTooLarge:
            let (size, overflow) = header.maximumImageSize.addingReportingOverflow(512)
            if !overflow { header.imageSize = size }
        case .l1OffsetUnaligned:
            let shift = UInt64.random(in: 1..<geometry.clusterSize, using: &random)
            header.l1TableOffset = ByteOffset(header.l1TableOffset.rawValue + shift)
        case .l1OffsetInHeader: header.l1TableOffset = ByteOffset(0)
        case .l1OffsetBeyondFile:
            let distance = UInt64.random(in: 1...1000, using: &random)
            header.l1TableOffset = ByteOffset(geometry.wholeClustersEnd + distance * geometry.clusterSize)
        case .backingFilenameOutsideHeader:
            header.features.insert(.backingFile)
            header.backingFilenameOffset = UInt32(
                truncatingIfNeeded: UInt64(header.headerSize) * geometry.clusterSize &- 8)
            header.backingFilenameSize = 16
        case .backingFilenameTooLong:
            header.features.insert(.backingFile)
            header.backingFilenameOffset = 0
            header.backingFilenameSize = Header.maximumBackingFilenameSize + 1
        case .headerSizeZero: header.headerSize = 0
        case .compatFeaturesUnknown: header.compatFeatures |= 1 << bit(0...63, using: &random)
        case .autoclearFeaturesUnknown: header.autoclearFeatures |= 1 << bit(0...63, using: &random)
        case .dirty: header.features.insert(.needCheck)
        default: break
        }
    }

    private func bit(_ range: ClosedRange<UInt64>, using random: inout SeededRandom) -> UInt64 {
        UInt64.random(in: range, using: &random)
    }

    private func truncateL1Table(of editor: ImageEditor, using random: inout SeededRandom) throws(LabError) {
        let geometry = try editor.geometry()
        let end = geometry.l1TableOffset.rawValue + geometry.tableByteCount
        try editor.truncate(to: end - UInt64.random(in: 1..<geometry.clusterSize, using: &random))
    }

    /// The file stays sparse: only the L1 table is copied behind the new header.
    private func widenHeaderBeyondLimit(of editor: ImageEditor) throws(LabError) {
        let geometry = try editor.geometry()
        let clusters = UInt64(UInt32.max) / geometry.clusterSize + 1
        let start = clusters * geometry.clusterSize
        try editor.truncate(to: max(geometry.fileSize, start + geometry.tableByteCount))
        for table in try EntrySample(editor).tables {
            try editor.write(table.offset, at: start + UInt64(table.l1Index) * 8, byteCount: 8)
        }
        var header = try editor.header()
        header.headerSize = UInt32(clusters)
        header.l1TableOffset = ByteOffset(start)
        try editor.write(header)
    }

    private func shrinkImage(of editor: ImageEditor, using random: inout SeededRandom) throws(LabError) {
        let entry = try EntrySample(editor).data(using: &random)
        let place = TableIndex(l1Index: entry.l1Index, l2Index: entry.l2Index)
        var header = try editor.header()
        header.imageSize = try editor.geometry().guestRange(from: place, entryCount: 1).offset
        try editor.write(header)
    }
}
