import Files

/// Why an offset in a table or in the header cannot be used.
public enum OffsetFault: CaseIterable, Sendable {
    /// Not a multiple of the cluster size.
    case unaligned
    /// In the clusters of the header.
    case inHeader
    /// The last cluster that it needs is the file's last, partial one. Extending the file to the end of that cluster
    /// repairs it.
    case truncated
    /// Past the end of the file.
    case beyondFile
}

extension Geometry {
    /// Why the cluster at an offset cannot be used; nil if it is aligned, after the header, and completely in the file.
    public func fault(ofClusterAt offset: ByteOffset) -> OffsetFault? {
        fault(first: offset.rawValue, last: offset.rawValue)
    }

    /// Why the table at an offset cannot be used; nil if its first and its last cluster are valid.
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

/// The rule that a header breaks, so that the image cannot be used at all.
public struct HeaderFault: Error, Hashable, Sendable {
    /// The rules, in the order in which they are tested.
    public enum Rule: Hashable, Sendable {
        case features, clusterSize, tableSize, imageSizeAlignment, imageSizeLimit
        case l1TableOffset(OffsetFault)
        case headerSize, backingFilenameRange, backingFilenameLength
    }

    public let rule: Rule
    public let field: HeaderField
    /// The field's value.
    public let value: UInt64

    init(_ rule: Rule, field: HeaderField, value: UInt64) {
        self.rule = rule
        self.field = field
        self.value = value
    }
}
