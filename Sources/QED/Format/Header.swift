import Files

/// The fields of a QED header, not validated (QED specification, "Header").
///
/// A header is 64 bytes, little-endian, at the start of the file. A `Geometry` is made from a valid one.
public struct Header: Hashable, Sendable {
    /// `'Q', 'E', 'D', 0`.
    public static let magic: UInt32 = 0x0044_4551
    /// The length of the fields in bytes.
    public static let byteCount = 64
    /// QEMU reads at most this many bytes of a backing file name.
    public static let maximumBackingFilenameSize: UInt32 = 4095
    /// The table sizes that the format allows, in clusters. A table size is also a power of two.
    public static let tableSizes: ClosedRange<UInt32> = 1...16
    /// The cluster sizes that the format allows, in bytes. A cluster size is also a power of two.
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

    /// Decodes the first 64 bytes of a file. Missing bytes of a short file are zero, as in QEMU.
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

    /// The header as 64 bytes of a file.
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

/// A field of the header.
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

/// The `features` word of a header: a program must know all bits that are set to open the image (QED specification,
/// "Feature bits").
public struct FeatureBits: OptionSet, Hashable, Sendable {
    public let rawValue: UInt64

    public init(rawValue: UInt64) { self.rawValue = rawValue }

    /// The image has a backing file.
    public static let backingFile = FeatureBits(rawValue: 0x1)
    /// The image is dirty: it was not closed cleanly and needs a consistency check before use.
    public static let needCheck = FeatureBits(rawValue: 0x2)
    /// The backing file is raw and must not be probed for a format.
    public static let backingFormatNoProbe = FeatureBits(rawValue: 0x4)

    /// The bits that the specification defines. An image with any other must not be opened.
    public static let known: FeatureBits = [.backingFile, .needCheck, .backingFormatNoProbe]

    /// The bits that the specification does not define.
    public var unknown: FeatureBits { subtracting(.known) }
}

/// Reads little-endian fields from bytes of a file. Bytes past the end are zero.
struct LittleEndianReader {
    private let bytes: UnsafeRawBufferPointer

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    func uint32(at offset: Int) -> UInt32 { UInt32(truncatingIfNeeded: value(at: offset, byteCount: 4)) }

    func uint64(at offset: Int) -> UInt64 { value(at: offset, byteCount: 8) }

    private func value(at offset: Int, byteCount: Int) -> UInt64 {
        var value: UInt64 = 0
        for position in 0..<byteCount where offset + position < bytes.count {
            value |= UInt64(bytes[offset + position]) << UInt64(8 * position)
        }
        return value
    }
}

extension [UInt8] {
    /// Appends the bytes of an integer, least significant first.
    mutating func append<Integer: FixedWidthInteger>(littleEndian value: Integer) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }
}
