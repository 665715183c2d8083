import Files

/// The sizes and conversions that a valid header and the length of its file define.
///
/// It is made only from a valid header, so nothing here can trap: `clusterSize` is a power of two in 2^12...2^26, and
/// tables have 512...2^27 entries.
public struct Geometry: Hashable, Sendable {
    /// Bytes; a power of two.
    public let clusterSize: UInt64
    /// log2 of `clusterSize`.
    public let clusterShift: UInt64
    /// Clusters in each table.
    public let tableClusters: UInt64
    /// Entries in each table: n of the specification.
    public let entriesPerTable: Int
    /// The first cluster that entries may refer to. It is at least 1: the cluster of the header is never a regular one,
    /// even if `header_size` is 0.
    public let firstRegularCluster: ClusterIndex
    /// Bytes of the file.
    public let fileSize: UInt64
    /// Complete clusters in the file.
    public let fileClusters: UInt64
    public let l1TableOffset: ByteOffset
    /// Bytes that the guest sees.
    public let imageSize: UInt64

    /// Tests the rules in QEMU's order, and throws the first one that is broken.
    public init(validating header: Header, fileSize: UInt64) throws(HeaderFault) {
        let unknown = header.features.unknown
        guard unknown.isEmpty else {
            throw HeaderFault(.features, field: .features, value: header.features.rawValue)
        }
        let clusterSize = header.clusterSize
        guard Header.clusterSizes.contains(clusterSize), clusterSize.nonzeroBitCount == 1 else {
            throw HeaderFault(.clusterSize, field: .clusterSize, value: UInt64(clusterSize))
        }
        guard Header.tableSizes.contains(header.tableSize), header.tableSize.nonzeroBitCount == 1 else {
            throw HeaderFault(.tableSize, field: .tableSize, value: UInt64(header.tableSize))
        }
        guard header.imageSize % 512 == 0 else {
            throw HeaderFault(.imageSizeAlignment, field: .imageSize, value: header.imageSize)
        }
        guard header.imageSize <= header.maximumImageSize else {
            throw HeaderFault(.imageSizeLimit, field: .imageSize, value: header.imageSize)
        }

        self.clusterSize = UInt64(clusterSize)
        clusterShift = UInt64(clusterSize.trailingZeroBitCount)
        tableClusters = UInt64(header.tableSize)
        entriesPerTable = Int(header.tableEntryCount)
        firstRegularCluster = ClusterIndex(UInt64(max(header.headerSize, 1)))
        self.fileSize = fileSize
        fileClusters = fileSize >> clusterShift
        l1TableOffset = header.l1TableOffset
        imageSize = header.imageSize

        if let fault = fault(ofTableAt: l1TableOffset) {
            throw HeaderFault(.l1TableOffset(fault), field: .l1TableOffset, value: l1TableOffset.rawValue)
        }
        guard header.headerSize <= UInt32.max / clusterSize else {
            throw HeaderFault(.headerSize, field: .headerSize, value: UInt64(header.headerSize))
        }
        try Geometry.validateBackingFilename(of: header)
    }

    /// Bytes in each table.
    public var tableByteCount: UInt64 { tableClusters << clusterShift }

    /// Clusters of the image as the guest sees it. The last one may be partial.
    public var imageClusters: UInt64 { (imageSize >> clusterShift) + (imageSize & (clusterSize - 1) == 0 ? 0 : 1) }

    /// Where the complete clusters of the file end, in bytes.
    public var wholeClustersEnd: UInt64 { fileClusters << clusterShift }

    /// Whether the file ends within a cluster.
    public var hasPartialCluster: Bool { fileSize != wholeClustersEnd }

    /// The cluster that holds the byte at an offset.
    public func cluster(at offset: ByteOffset) -> ClusterIndex { ClusterIndex(offset.rawValue >> clusterShift) }

    /// Where a cluster begins. The cluster must be in the file.
    public func offset(of cluster: ClusterIndex) -> ByteOffset { ByteOffset(cluster.rawValue << clusterShift) }

    /// Where entry `index` of the table at `table` is in the file.
    public func offset(ofEntry index: Int, inTableAt table: ByteOffset) -> ByteOffset {
        ByteOffset(table.rawValue.saturatingAdd(UInt64(index) * 8))
    }

    /// The guest bytes that a run of entries maps, up to the end of the image: L2 entries from `place` on, or L1
    /// entries if `place` has no L2 index. Empty for entries past the end of the image.
    public func guestRange(from place: TableIndex, entryCount: UInt64) -> GuestRange {
        let perL1Entry = UInt64(entriesPerTable)
        let firstCluster = UInt64(place.l1Index).saturatingMultiply(perL1Entry).saturatingAdd(
            UInt64(place.l2Index ?? 0))
        let clusters = place.l2Index == nil ? entryCount.saturatingMultiply(perL1Entry) : entryCount
        let start = firstCluster.saturatingMultiply(clusterSize)
        let end = start.saturatingAdd(clusters.saturatingMultiply(clusterSize))
        return GuestRange(offset: start, length: max(min(end, imageSize), start) - start)
    }

    /// How many of `count` entries of an L2 table, from `firstL2Index` on, map bytes before the end of the image.
    package func entriesInImage(of l1Index: Int, from firstL2Index: Int, count: Int) -> Int {
        let first = UInt64(l1Index).saturatingMultiply(UInt64(entriesPerTable)).saturatingAdd(UInt64(firstL2Index))
        return Int(min(UInt64(count), max(imageClusters, first) - first))
    }

    private static func validateBackingFilename(of header: Header) throws(HeaderFault) {
        guard header.features.contains(.backingFile) else { return }
        let end = UInt64(header.backingFilenameOffset) + UInt64(header.backingFilenameSize)
        guard end <= UInt64(header.headerSize) * UInt64(header.clusterSize) else {
            throw HeaderFault(
                .backingFilenameRange, field: .backingFilenameOffset,
                value: UInt64(header.backingFilenameOffset))
        }
        guard header.backingFilenameSize <= Header.maximumBackingFilenameSize else {
            throw HeaderFault(
                .backingFilenameLength, field: .backingFilenameSize, value: UInt64(header.backingFilenameSize))
        }
    }
}

/// A range of the bytes that the guest sees.
public struct GuestRange: Hashable, Sendable {
    /// Bytes from the start of the virtual disk.
    public let offset: UInt64
    /// Bytes; 0 if the whole range is past the end of the image.
    public let length: UInt64

    public init(offset: UInt64, length: UInt64) {
        self.offset = offset
        self.length = length
    }
}
