import Files

/// What `qemu-img check` (QEMU 7.2 to 10) prints as leaks where the true number is known.
///
/// It turns bytes into clusters by dividing by (cluster size - 1), so of n clusters in the file it takes another
/// floor(n / (cluster size - 1)) for leaked; it rounds the file up to 512 bytes, so a last cluster that lacks up to 511
/// of them counts as whole; and it counts in 32 bits. Only a shared cluster on such a boundary can make it print less.
struct QEMULeaks {
    let header: Header
    let geometry: Geometry
    let usesPartialCluster: Bool

    /// nil if QEMU refuses to open the image.
    func count(trueLeaks: UInt64) -> Int64? {
        guard header.tableSize > 1, header.imageSize <= wrappedMaximumImageSize else { return nil }
        let roundedSize = geometry.fileSize.saturatingAdd(511) & ~511
        let clusters = roundedSize >> geometry.clusterShift
        let extraCluster: UInt64 = clusters > geometry.fileClusters && !usesPartialCluster ? 1 : 0
        let headerCluster: UInt64 = header.headerSize == 0 ? 1 : 0
        let falseLeaks = clusters / (geometry.clusterSize - 1)
        return Int64(Int32(truncatingIfNeeded: trueLeaks &+ extraCluster &+ headerCluster &+ falseLeaks))
    }

    /// QEMU computes the limit in 64 bits without a test for overflow.
    private var wrappedMaximumImageSize: UInt64 {
        header.tableEntryCount &* header.tableEntryCount &* UInt64(header.clusterSize)
    }
}
