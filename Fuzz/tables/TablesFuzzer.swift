import FuzzDriver
import QED

/// The tables of an image whose header is sound: each way to check it gives the same, and so does its repair.
///
/// An input is 8 bytes for the layout, and then 6 bytes for each entry: its cluster and its position there,
/// and what its value is.
@main
enum TablesFuzzer: FuzzTarget {
    static func run(_ input: FuzzInput) {
        var input = input
        let choice: UInt8 = input.integer()
        guard let image = image(&input) else { return }
        let comparison = CheckComparison(image)
        require(comparison.report.fault == nil || image.size % 4096 != 0, "a sound header has a fault")
        RepairTrial.run(image, choice: choice)
    }

    /// An image of at most 255 clusters; nil for a layout that makes none.
    private static func image(_ input: inout FuzzInput) -> SparseSource? {
        let (layout, clusters, tail): (UInt8, UInt8, UInt16) = (input.integer(), input.integer(), input.integer())
        let (features, images): (UInt8, UInt16) = (input.integer(), input.integer())
        // With large clusters a few tables are enough for several threads.
        let clusterShift = layout & 64 == 0 ? 12 : 12 + UInt64(layout >> 3 & 7)
        var header = Header()
        header.clusterSize = 1 << UInt32(clusterShift)
        header.tableSize = 1 << UInt32(layout & 3)
        header.features = FeatureBits(rawValue: UInt64(features & 3))
        header.autoclearFeatures = features & 8 == 0 ? 0 : 1
        header.compatFeatures = features & 16 == 0 ? 0 : 1
        header.l1TableOffset = ByteOffset(1 << clusterShift)
        // Of the guest's disk up to 64 Ki clusters; what is mapped after them lies past the image.
        header.imageSize = min(UInt64(images) << clusterShift, header.maximumImageSize)
        if header.features.contains(.backingFile) {
            (header.backingFilenameOffset, header.backingFilenameSize) = (64, 3)
        }

        let size = (UInt64(clusters) << clusterShift) + min(UInt64(tail), (1 << clusterShift) - 1)
        guard UInt64(clusters) > UInt64(header.tableSize) else { return nil }
        var image = SparseSource(size: size, tellsHoles: layout & 4 != 0 || clusterShift > 12)
        image.write(header.encoded() + Array("b.q".utf8), at: 0)
        writeEntries(&input, to: &image, header, clusterShift)
        return image
    }

    private static func writeEntries(
        _ input: inout FuzzInput, to image: inout SparseSource, _ header: Header, _ clusterShift: UInt64
    ) {
        while !input.isEmpty {
            let (cluster, place): (UInt8, UInt16) = (input.integer(), input.integer())
            let (kind, target, detail): (UInt8, UInt8, UInt8) = (input.integer(), input.integer(), input.integer())
            let entry = UInt64(place) % header.tableEntryCount
            let value = value(kind, target, detail, clusterShift)
            // A run of entries that refer to one cluster after the other, or to the same one.
            let count = min(kind & 0x40 == 0 ? 1 : UInt64(detail & 15) + 1, header.tableEntryCount - entry)
            let step: UInt64 = kind & 0x80 == 0 ? 0 : 1 << clusterShift
            let words = (0..<count).map { value &+ step &* $0 }
            image.write(words: words, at: UInt64(max(cluster, 1)) << clusterShift + entry * 8)
        }
    }

    private static func value(_ kind: UInt8, _ target: UInt8, _ detail: UInt8, _ clusterShift: UInt64) -> UInt64 {
        let cluster = UInt64(target) << clusterShift
        switch kind & 7 {
        case 0, 1, 2, 3: return cluster
        case 4: return UInt64(target)
        case 5: return cluster + UInt64(detail)
        case 6: return cluster << (detail & 63)
        default: return UInt64.max - UInt64(target) << (detail & 63)
        }
    }
}
