import QED

/// What an image is to look like. Equal plans give equal bytes.
package struct ImagePlan: Hashable, Sendable {
    /// Where the clusters of the guest stand in the file.
    package enum Allocation: String, CaseIterable, Sendable {
        /// As QEMU allocates for a guest that writes its disk from start to end: each L2 table, then its data.
        case sequential
        /// All L2 tables, then the data clusters of the whole image in random order.
        case shuffled
    }

    /// Which clusters of the guest are in use.
    package enum GuestClusters: Hashable, Sendable {
        case all
        /// The first so many of the image.
        case first(UInt64)
        /// The first so many of each L2 table.
        case firstOfEachTable(UInt64)
        /// Each one with a probability of 0...1.
        case share(Double)
    }

    /// Bytes.
    package var clusterSize: UInt32 = 65536
    /// Clusters in each table.
    package var tableSize: UInt32 = 4
    /// Clusters before the first regular one, as the header says. With 0 the header still occupies a cluster.
    package var headerSize: UInt32 = 1
    /// Bytes that the guest sees.
    package var imageSize: UInt64 = 64 << 20
    /// Feature bits, besides those that a backing file implies.
    package var features: FeatureBits = []
    package var compatFeatures: UInt64 = 0
    package var autoclearFeatures: UInt64 = 0
    /// The name of the backing file, nil for none.
    package var backingFilename: String?
    /// Whether the backing file must not be probed for its format: it is raw.
    package var backingIsRaw = false
    package var allocation = Allocation.sequential
    package var guestClusters = GuestClusters.all
    /// How many of the clusters in use are zero clusters: a probability of 0...1.
    package var zeroShare = 0.0
    /// Whether data clusters have bytes (`GuestData`). If not they are holes, and the image costs only its tables.
    package var writesData = false
    package var seed: UInt64 = 0

    package init() {}

    /// The header that stands in the image.
    package var header: Header {
        var header = Header()
        header.clusterSize = clusterSize
        header.tableSize = tableSize
        header.headerSize = headerSize
        header.features = features
        header.compatFeatures = compatFeatures
        header.autoclearFeatures = autoclearFeatures
        header.l1TableOffset = ByteOffset(UInt64(max(headerSize, 1)) * UInt64(clusterSize))
        header.imageSize = imageSize
        if let backingFilename {
            header.features.insert(.backingFile)
            if backingIsRaw { header.features.insert(.backingFormatNoProbe) }
            header.backingFilenameOffset = UInt32(Header.byteCount)
            header.backingFilenameSize = UInt32(truncatingIfNeeded: backingFilename.utf8.count)
        }
        return header
    }

    /// Entries in each table.
    package var entriesPerTable: UInt64 { header.tableEntryCount }

    /// Clusters of the image as the guest sees it.
    package var guestClusterCount: UInt64 {
        let size = UInt64(max(clusterSize, 1))
        return imageSize / size + (imageSize % size == 0 ? 0 : 1)
    }
}
