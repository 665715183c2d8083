import QED

/// All ways to break an image, and a few sound layouts that other programs get wrong. A defect that mainly gives one
/// `FindingKind` has the same slug.
package enum Defect: String, CaseIterable, Sendable {
    // The header.
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
    case headerSizeZero = "header-size-zero"
    case compatFeaturesUnknown = "compat-features-unknown"
    case autoclearFeaturesUnknown = "autoclear-features-unknown"
    case dirty

    // The tables.
    case l2OffsetUnaligned = "l2-offset-unaligned"
    case l2OffsetInHeader = "l2-offset-in-header"
    case l2OffsetBeyondFile = "l2-offset-beyond-file"
    case l2TableTruncated = "l2-table-truncated"
    case l2TableShared = "l2-table-shared"
    case l2TableOverlaps = "l2-table-overlaps"
    case l1EntryOne = "l1-entry-one"
    case l1Wiped = "l1-wiped"
    case tableOrphaned = "table-orphaned"
    case l2TableWiped = "l2-table-wiped"
    case l2Garbage = "l2-garbage"
    case l2OnL1 = "l2-on-l1"
    case l2OnData = "l2-on-data"

    // Data entries.
    case dataOffsetUnaligned = "data-offset-unaligned"
    case dataOffsetInHeader = "data-offset-in-header"
    case dataOffsetBeyondFile = "data-offset-beyond-file"
    case dataClusterTruncated = "data-cluster-truncated"
    case dataClusterShared = "data-cluster-shared"
    case dataClusterInMetadata = "data-cluster-in-metadata"
    case entryBeyondImage = "entry-beyond-image"
    case dataHighBit = "data-high-bit"
    case dataOnL1 = "data-on-l1"
    case dataOnL2 = "data-on-l2"

    // Leaks and the file's length.
    case clusterLeaked = "cluster-leaked"
    case leakedTail = "leaked-tail"
    case leakedMiddle = "leaked-middle"
    case trailingPartialCluster = "trailing-partial-cluster"
    case truncatedInData = "truncated-in-data"
    case shortTail511 = "short-tail-511"
    case zeroLength = "zero-length"

    // Sound images with an unusual layout, which replace the existing image.
    case tableSize1 = "table-size-1"
    case tableSize16 = "table-size-16"
    case wideHeader = "wide-header"

    /// Gives the image this defect, at a random place.
    package func apply(to editor: ImageEditor, using random: inout SeededRandom) throws(LabError) {
        switch site {
        case .header: try applyToHeader(of: editor, using: &random)
        case .l1Table: try applyToL1Table(of: editor, using: &random)
        case .l2Table: try applyToL2Table(of: editor, using: &random)
        case .file: try applyToFile(of: editor, using: &random)
        case .layout: try replace(editor, using: &random)
        }
    }

    /// A finding that the image certainly gives then; nil if it gives none (`dirty`, sound layouts) or is not a QED
    /// image.
    package var expectedKind: FindingKind? {
        if let kind = FindingKind(rawValue: rawValue) { return kind }
        return switch self {
        case .l1EntryOne: .l2OffsetUnaligned
        case .l1Wiped, .l2TableWiped, .leakedTail, .leakedMiddle: .clusterLeaked
        case .l2Garbage: .dataOffsetUnaligned
        case .l2OnL1, .l2OnData: .l2TableOverlaps
        case .dataOnL1, .dataOnL2: .dataClusterInMetadata
        case .dataHighBit: .dataOffsetBeyondFile
        case .shortTail511: .trailingPartialCluster
        default: nil
        }
    }
}

extension Defect {
    /// The part of an image that a defect changes.
    enum Site {
        case header, l1Table, l2Table, file, layout
    }

    var site: Site {
        switch self {
        case .headerTruncated, .featuresUnsupported, .clusterSizeInvalid, .tableSizeInvalid, .imageSizeUnaligned,
            .imageSizeTooLarge, .l1OffsetUnaligned, .l1OffsetInHeader, .l1OffsetBeyondFile, .l1TableTruncated,
            .headerSizeTooLarge, .backingFilenameOutsideHeader, .backingFilenameTooLong, .headerSizeZero,
            .compatFeaturesUnknown, .autoclearFeaturesUnknown, .dirty, .entryBeyondImage:
            .header
        case .l2OffsetUnaligned, .l2OffsetInHeader, .l2OffsetBeyondFile, .l2TableTruncated, .l2TableShared,
            .l2TableOverlaps, .l1EntryOne, .l1Wiped, .tableOrphaned, .l2OnL1, .l2OnData:
            .l1Table
        case .dataOffsetUnaligned, .dataOffsetInHeader, .dataOffsetBeyondFile, .dataClusterTruncated,
            .dataClusterShared, .dataClusterInMetadata, .dataHighBit, .dataOnL1, .dataOnL2, .l2TableWiped,
            .l2Garbage, .leakedMiddle:
            .l2Table
        case .clusterLeaked, .leakedTail, .trailingPartialCluster, .truncatedInData, .shortTail511, .zeroLength:
            .file
        case .tableSize1, .tableSize16, .wideHeader: .layout
        }
    }
}
