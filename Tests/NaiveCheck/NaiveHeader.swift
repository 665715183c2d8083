/// The header of an image, read and judged by the specification alone: nothing of the program is used.
package struct NaiveHeader {
    package enum Verdict: String, Sendable {
        case usable, invalid, unsupported
    }

    /// As the file has them; bytes that the file lacks are zero. Sizes of clusters, images and names are in bytes, of
    /// tables and the header in clusters.
    package let magic, clusterSize, tableSize, headerSize: UInt64
    package let features, compatFeatures, autoclearFeatures: UInt64
    package let l1Table, imageSize, backingFilenameOffset, backingFilenameSize: UInt64
    /// Bytes.
    package let fileSize: UInt64

    package init(_ bytes: [UInt8]) {
        func field(_ offset: Int, _ count: Int) -> UInt64 {
            var value: UInt64 = 0
            for position in (offset..<offset + count).reversed() {
                value = value * 256 + (position < bytes.count ? UInt64(bytes[position]) : 0)
            }
            return value
        }
        magic = field(0, 4)
        clusterSize = field(4, 4)
        tableSize = field(8, 4)
        headerSize = field(12, 4)
        features = field(16, 8)
        compatFeatures = field(24, 8)
        autoclearFeatures = field(32, 8)
        l1Table = field(40, 8)
        imageSize = field(48, 8)
        backingFilenameOffset = field(56, 4)
        backingFilenameSize = field(60, 4)
        fileSize = UInt64(bytes.count)
    }

    package var isDirty: Bool { features & 2 != 0 }
    package var hasBackingFile: Bool { features & 1 != 0 && backingFilenameSize > 0 }
    /// Entries in each table.
    package var entriesPerTable: UInt64 { tableSize * clusterSize / 8 }
    package var tableByteCount: UInt64 { tableSize * clusterSize }
    /// Where the first regular cluster begins: the cluster of the header itself is none, even if the header says 0.
    package var headerEnd: UInt64 { max(headerSize, 1) * clusterSize }
    /// Whole clusters of the file.
    package var fileClusters: UInt64 { fileSize / clusterSize }
    /// Clusters of the guest, the last one perhaps in part.
    package var guestClusters: UInt64 { (imageSize / clusterSize) + (imageSize % clusterSize == 0 ? 0 : 1) }

    package var verdict: Verdict {
        guard magic == 0x0044_4551 else { return .invalid }
        guard features & ~7 == 0 else { return .unsupported }
        return hasUsableSizes && isTable(l1Table) && hasUsableBackingFilename ? .usable : .invalid
    }

    /// Whether the sizes of clusters, tables and the image are such as the format has.
    package var hasUsableSizes: Bool {
        guard (12...26).contains(where: { clusterSize == 1 << $0 }) else { return false }
        guard [1, 2, 4, 8, 16].contains(tableSize) else { return false }
        let entries = UInt128(entriesPerTable)
        guard imageSize % 512 == 0, UInt128(imageSize) <= entries * entries * UInt128(clusterSize) else { return false }
        return headerSize * clusterSize < 1 << 32
    }

    private var hasUsableBackingFilename: Bool {
        guard features & 1 != 0 else { return true }
        return backingFilenameOffset + backingFilenameSize <= headerSize * clusterSize && backingFilenameSize <= 4095
    }

    /// Whether a cluster may be at an offset: aligned, after the header, and wholly in the file.
    package func isCluster(_ offset: UInt64) -> Bool {
        offset % clusterSize == 0 && offset >= headerEnd && offset / clusterSize < fileClusters
    }

    /// Whether a table may be at an offset: its first and its last cluster may.
    package func isTable(_ offset: UInt64) -> Bool {
        isCluster(offset) && isCluster(offset + (tableSize - 1) * clusterSize)
    }
}

extension [UInt8] {
    /// The entries other than 0 of a table that lies in the file.
    package func entries(ofTableAt offset: UInt64, count: UInt64) -> [(index: UInt64, value: UInt64)] {
        withUnsafeBytes { bytes in
            var found: [(index: UInt64, value: UInt64)] = []
            for index in 0..<Int(count) {
                let value = bytes.loadUnaligned(fromByteOffset: Int(offset) + index * 8, as: UInt64.self)
                if value != 0 { found.append((UInt64(index), UInt64(littleEndian: value))) }
            }
            return found
        }
    }
}
