import Files

/// The fields of a QED header as they stand in the file, not yet validated (QED specification, "Header").
///
/// A header is 64 bytes, little-endian, at the start of the file. `Geometry` is what a valid header makes
/// of them.
public struct Header: Hashable, Sendable {
    /// `'Q', 'E', 'D', 0`.
    public static let magic: UInt32 = 0x0044_4551
    /// The length of the fields in bytes.
    public static let byteCount = 64
    /// QEMU reads at most this many bytes of a backing file name.
    public static let maximumBackingFilenameSize: UInt32 = 4095
    /// The sizes of tables that the format allows in clusters; a table size is also a power of two.
    public static let tableSizes: ClosedRange<UInt32> = 1...16
    /// The cluster sizes that the format allows in bytes; a cluster size is also a power of two.
    public static let clusterSizes: ClosedRange<UInt32> = 4096...67_108_864

    public var magic: UInt32 = Header.magic
    /// Bytes.
    public var clusterSize: UInt32 = 65536
    /// Clusters in each L1 or L2 table.
    public var tableSize: UInt32 = 4
    /// Clusters before the first regular cluster.
    public var headerSize: UInt32 = 1
    public var features: FeatureBits = []
    public var compatFeatures: UInt64 = 0
    public var autoclearFeatures: UInt64 = 0
    public var l1TableOffset = ByteOffset(0)
    /// Bytes that the guest sees.
    public var imageSize: UInt64 = 0
    /// Bytes from the start of the file.
    public var backingFilenameOffset: UInt32 = 0
    /// Bytes.
    public var backingFilenameSize: UInt32 = 0

    public init() {}

    /// Decodes the first 64 bytes of a file. Missing bytes of a short file read as zero, as QEMU reads them.
    public init(decoding bytes: UnsafeRawBufferPointer) {
        let reader = LittleEndianReader(bytes)
        magic = reader.uint32(at: HeaderField.magic.offset)
        clusterSize = reader.uint32(at: HeaderField.clusterSize.offset)
        tableSize = reader.uint32(at: HeaderField.tableSize.offset)
        headerSize = reader.uint32(at: HeaderField.headerSize.offset)
        features = FeatureBits(rawValue: reader.uint64(at: HeaderField.features.offset))
        compatFeatures = reader.uint64(at: HeaderField.compatFeatures.offset)
        autoclearFeatures = reader.uint64(at: HeaderField.autoclearFeatures.offset)
        l1TableOffset = ByteOffset(reader.uint64(at: HeaderField.l1TableOffset.offset))
        imageSize = reader.uint64(at: HeaderField.imageSize.offset)
        backingFilenameOffset = reader.uint32(at: HeaderField.backingFilenameOffset.offset)
        backingFilenameSize = reader.uint32(at: HeaderField.backingFilenameSize.offset)
    }

    /// The header as the 64 bytes that stand in a file.
    public func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Header.byteCount)
        for value in [magic, clusterSize, tableSize, headerSize] {
            bytes.append(littleEndian: value)
        }
        for value in [features.rawValue, compatFeatures, autoclearFeatures, l1TableOffset.rawValue, imageSize] {
            bytes.append(littleEndian: value)
        }
        for value in [backingFilenameOffset, backingFilenameSize] {
            bytes.append(littleEndian: value)
        }
        return bytes
    }

    /// Whether the magic number is QED's.
    public var hasMagic: Bool { magic == Header.magic }

    /// Whether the image is marked dirty.
    public var needCheck: Bool { features.contains(.needCheck) }

    /// Whether the header names a backing file: the feature bit is set and the name is not empty.
    public var namesBackingFile: Bool { features.contains(.backingFile) && backingFilenameSize > 0 }

    /// Entries in each table.
    public var tableEntryCount: UInt64 { UInt64(tableSize) * UInt64(clusterSize) / 8 }

    /// The largest image size that two levels of tables can map, in bytes: n * n * clusterSize, saturating.
    public var maximumImageSize: UInt64 {
        tableEntryCount.saturatingMultiply(tableEntryCount).saturatingMultiply(UInt64(clusterSize))
    }
}

/// A field of the header, for findings to name and tests to reach.
public enum HeaderField: String, CaseIterable, Sendable {
    case magic, clusterSize, tableSize, headerSize, features, compatFeatures, autoclearFeatures
    case l1TableOffset, imageSize, backingFilenameOffset, backingFilenameSize

    /// Bytes from the start of the file.
    public var offset: Int {
        switch self {
        case .magic: 0
        case .clusterSize: 4
        case .tableSize: 8
        case .headerSize: 12
        case .features: 16
        case .compatFeatures: 24
        case .autoclearFeatures: 32
        case .l1TableOffset: 40
        case .imageSize: 48
        case .backingFilenameOffset: 56
        case .backingFilenameSize: 60
        }
    }

    /// Bytes.
    public var size: Int {
        switch self {
        case .features, .compatFeatures, .autoclearFeatures, .l1TableOffset, .imageSize: 8
        default: 4
        }
    }
}
