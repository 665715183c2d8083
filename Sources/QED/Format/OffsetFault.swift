import Files

/// Why an offset in a table or in the header cannot be used.
public enum OffsetFault: CaseIterable, Sendable {
    /// Not a multiple of the cluster size.
    case unaligned
    /// Within the clusters that the header occupies.
    case inHeader
    /// The last cluster it needs is the file's last one, which is only partly there: extending the file to the
    /// cluster's end mends it.
    case truncated
    /// Past the end of the file.
    case beyondFile
}

extension Geometry {
    /// Why the cluster at an offset cannot be used, nil if it can: aligned, after the header, wholly in the file.
    public func fault(ofClusterAt offset: ByteOffset) -> OffsetFault? {
        fault(first: offset.rawValue, last: offset.rawValue)
    }

    /// Why the table at an offset cannot be used, nil if its first and its last cluster are valid.
    public func fault(ofTableAt offset: ByteOffset) -> OffsetFault? {
        fault(first: offset.rawValue, last: offset.rawValue.saturatingAdd((tableClusters - 1) << clusterShift))
    }

    private func fault(first: UInt64, last: UInt64) -> OffsetFault? {
        if first & (clusterSize - 1) != 0 { return .unaligned }
        if first < firstRegularCluster.rawValue.saturatingMultiply(clusterSize) { return .inHeader }
        if last < wholeClustersEnd { return nil }
        return last == wholeClustersEnd && hasPartialCluster ? .truncated : .beyondFile
    }
}
