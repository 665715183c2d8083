/// Everything that the check can find in an image: the one table of kinds.
///
/// The raw value is a slug that stores keep: it is never renamed or reused.
public enum FindingKind: String, CaseIterable, Sendable {
    // The header makes the image unusable, and nothing else is checked.
    case headerTruncated = "header-truncated"
    case featuresUnsupported = "features-unsupported"
    case clusterSizeInvalid = "cluster-size-invalid"
    case tableSizeInvalid = "table-size-invalid"
    case imageSizeUnaligned = "image-size-unaligned"
    case imageSizeTooLarge = "image-size-too-large"
    case l1OffsetUnaligned = "l1-offset-unaligned"
    case l1OffsetInHeader = "l1-offset-in-header"
    case l1OffsetBeyondFile = "l1-offset-beyond-file"
    case l1TableTruncated = "l1-table-truncated"
    case headerSizeTooLarge = "header-size-too-large"
    case backingFilenameOutsideHeader = "backing-filename-outside-header"
    case backingFilenameTooLong = "backing-filename-too-long"

    // The header is usable, but something in it is unusual.
    case headerSizeZero = "header-size-zero"
    case compatFeaturesUnknown = "compat-features-unknown"
    case autoclearFeaturesUnknown = "autoclear-features-unknown"
    case trailingPartialCluster = "trailing-partial-cluster"

    // Entries of the L1 table.
    case l2OffsetUnaligned = "l2-offset-unaligned"
    case l2OffsetInHeader = "l2-offset-in-header"
    case l2OffsetBeyondFile = "l2-offset-beyond-file"
    case l2TableTruncated = "l2-table-truncated"
    case l2TableShared = "l2-table-shared"
    case l2TableOverlaps = "l2-table-overlaps"

    // Entries of the L2 tables.
    case dataOffsetUnaligned = "data-offset-unaligned"
    case dataOffsetInHeader = "data-offset-in-header"
    case dataOffsetBeyondFile = "data-offset-beyond-file"
    case dataClusterTruncated = "data-cluster-truncated"
    case dataClusterShared = "data-cluster-shared"
    case dataClusterInMetadata = "data-cluster-in-metadata"
    case entryBeyondImage = "entry-beyond-image"

    // Clusters without an owner.
    case clusterLeaked = "cluster-leaked"
    /// Adds nothing to the leaks: its clusters are among those of `clusterLeaked`.
    case tableOrphaned = "table-orphaned"
}

extension FindingKind {
    /// How much a finding matters.
    public enum Severity: String, CaseIterable, Sendable {
        /// Data is wrong or cannot be reached.
        case corruption
        /// Clusters take space, but nothing refers to them. Perhaps an entry was lost.
        case leak
        /// Worth knowing, but nothing is known to be wrong.
        case notice
    }

    /// The pass of the check that finds it.
    public enum Pass: String, CaseIterable, Sendable {
        case header, table, leak
    }

    /// The row of the table for this kind.
    public struct Traits: Sendable {
        public let pass: Pass
        public let severity: Severity
        /// What is wrong, as a clause.
        public let message: String
        /// The stable name of the action that repairs it; nil if none does.
        public let repair: String?

        init(_ pass: Pass, _ severity: Severity, _ message: String, repair: String? = nil) {
            self.pass = pass
            self.severity = severity
            self.message = message
            self.repair = repair
        }
    }

    public var pass: Pass { traits.pass }
    public var severity: Severity { traits.severity }
    public var message: String { traits.message }
    public var repair: String? { traits.repair }

    public var traits: Traits {
        switch self {
        case .headerTruncated: Traits(.header, .corruption, "the file is shorter than the 64 bytes of a header")
        // Such an image need not be damaged: it may be a sound image of a newer version. It was not checked.
        case .featuresUnsupported: Traits(.header, .notice, "the image has unknown feature bits and must not be opened")
        case .clusterSizeInvalid:
            Traits(.header, .corruption, "the cluster size is not a power of 2 from 4096 to 67108864 bytes")
        case .tableSizeInvalid: Traits(.header, .corruption, "the table size is not 1, 2, 4, 8 or 16 clusters")
        case .imageSizeUnaligned: Traits(.header, .corruption, "the image size is not a multiple of 512 bytes")
        case .imageSizeTooLarge: Traits(.header, .corruption, "the image size exceeds what the tables can map")
        case .l1OffsetUnaligned: Traits(.header, .corruption, "the L1 table does not begin at a cluster boundary")
        case .l1OffsetInHeader: Traits(.header, .corruption, "the L1 table overlaps the header")
        case .l1OffsetBeyondFile: Traits(.header, .corruption, "the L1 table is past the end of the file")
        case .l1TableTruncated:
            Traits(.header, .corruption, "the file ends within the last cluster of the L1 table", repair: "extend-tail")
        case .headerSizeTooLarge: Traits(.header, .corruption, "the header is larger than 4 GiB")
        case .backingFilenameOutsideHeader:
            Traits(.header, .corruption, "the backing file name is outside the header")
        case .backingFilenameTooLong: Traits(.header, .corruption, "the backing file name is longer than 4095 bytes")

        case .headerSizeZero: Traits(.header, .notice, "the header size is 0, although the header occupies a cluster")
        case .compatFeaturesUnknown: Traits(.header, .notice, "the image has unknown compatible feature bits")
        case .autoclearFeaturesUnknown:
            Traits(
                .header, .notice, "the image has unknown autoclear feature bits, which a writer clears",
                repair: "clear-autoclear")
        case .trailingPartialCluster: Traits(.header, .notice, "the file ends within a cluster", repair: "extend-tail")

        case .l2OffsetUnaligned:
            Traits(.table, .corruption, "the L2 table does not begin at a cluster boundary", repair: "clear-invalid")
        case .l2OffsetInHeader:
            Traits(.table, .corruption, "the L2 table overlaps the header", repair: "clear-invalid")
        case .l2OffsetBeyondFile:
            Traits(.table, .corruption, "the L2 table is past the end of the file", repair: "clear-invalid")
        case .l2TableTruncated:
            Traits(.table, .corruption, "the file ends within the last cluster of the L2 table", repair: "extend-tail")
        case .l2TableShared:
            Traits(.table, .corruption, "another L1 entry refers to the same L2 table", repair: "clone-tables")
        case .l2TableOverlaps: Traits(.table, .corruption, "clusters of the L2 table are already in use")

        case .dataOffsetUnaligned:
            Traits(
                .table, .corruption, "the data cluster does not begin at a cluster boundary", repair: "clear-invalid")
        case .dataOffsetInHeader:
            Traits(.table, .corruption, "the data cluster overlaps the header", repair: "clear-invalid")
        case .dataOffsetBeyondFile:
            Traits(.table, .corruption, "the data cluster is past the end of the file", repair: "clear-invalid")
        case .dataClusterTruncated:
            Traits(.table, .corruption, "the file ends within the data cluster", repair: "extend-tail")
        case .dataClusterShared:
            Traits(.table, .corruption, "another entry refers to the same data cluster", repair: "clone-shared")
        case .dataClusterInMetadata:
            Traits(.table, .corruption, "the data cluster is part of a table", repair: "clone-shared")
        case .entryBeyondImage: Traits(.table, .notice, "the entry maps bytes past the end of the image")

        case .clusterLeaked: Traits(.leak, .leak, "no entry refers to the clusters", repair: "reclaim-leaks")
        case .tableOrphaned:
            Traits(.leak, .leak, "the leaked clusters hold an L2 table that no L1 entry refers to")
        }
    }
}

extension HeaderFault {
    /// The kind of finding that the broken rule gives.
    public var kind: FindingKind {
        switch rule {
        case .features: .featuresUnsupported
        case .clusterSize: .clusterSizeInvalid
        case .tableSize: .tableSizeInvalid
        case .imageSizeAlignment: .imageSizeUnaligned
        case .imageSizeLimit: .imageSizeTooLarge
        case .l1TableOffset(let fault): FindingKind(l1TableFault: fault)
        case .headerSize: .headerSizeTooLarge
        case .backingFilenameRange: .backingFilenameOutsideHeader
        case .backingFilenameLength: .backingFilenameTooLong
        }
    }
}

extension HeaderFault: CustomStringConvertible {
    /// The field, its value and the reason, as one clause.
    public var description: String {
        switch field {
        case .features, .compatFeatures, .autoclearFeatures:
            "\(field.rawValue) 0x\(String(value, radix: 16)): \(kind.message)"
        default:
            "\(field.rawValue) \(value): \(kind.message)"
        }
    }
}

// The kind of finding for each fault of an offset.
extension FindingKind {
    init(l1TableFault fault: OffsetFault) {
        self =
            switch fault {
            case .unaligned: .l1OffsetUnaligned
            case .inHeader: .l1OffsetInHeader
            case .truncated: .l1TableTruncated
            case .beyondFile: .l1OffsetBeyondFile
            }
    }

    init(l2TableFault fault: OffsetFault) {
        self =
            switch fault {
            case .unaligned: .l2OffsetUnaligned
            case .inHeader: .l2OffsetInHeader
            case .truncated: .l2TableTruncated
            case .beyondFile: .l2OffsetBeyondFile
            }
    }

    init(dataClusterFault fault: OffsetFault) {
        self =
            switch fault {
            case .unaligned: .dataOffsetUnaligned
            case .inHeader: .dataOffsetInHeader
            case .truncated: .dataClusterTruncated
            case .beyondFile: .dataOffsetBeyondFile
            }
    }
}
