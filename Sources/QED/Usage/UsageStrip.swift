import Files

/// A row of clusters, cut into equal cells, and how many clusters of each use are in each.
public struct UsageStrip<Use: ClusterUse>: Hashable, Sendable {
    /// All clusters; the sum of `total`.
    public let clusterCount: UInt64
    /// In order. Their sizes differ by at most one cluster, and none is empty.
    public let cells: [UsageCell<Use>]
    public let total: UseCounts<Use>

    /// The most clusters in a cell.
    public var clustersPerCell: UInt64 {
        guard !cells.isEmpty else { return 0 }
        let count = UInt64(cells.count)
        return clusterCount / count + (clusterCount % count == 0 ? 0 : 1)
    }
}

/// A part of a strip.
public struct UsageCell<Use: ClusterUse>: Hashable, Sendable {
    /// The clusters, counted from the start of the strip.
    public let clusters: Range<UInt64>
    /// They add up to the number of clusters.
    public let counts: UseCounts<Use>

    /// The use that stands for the cell: the most telling one in it. L2 tables are spread all over an image, so they
    /// stand for a cell only where they are a hundredth of it or more, or where nothing lesser is.
    public var leadingUse: Use {
        var passedOver: Use?
        for use in Use.allCases where counts[use] > 0 {
            guard use.isEverywhere, counts[use] < UInt64(clusters.count) / 100 else { return use }
            passedOver = passedOver ?? use
        }
        return passedOver ?? UseCounts<Use>.leastTelling
    }
}

/// Numbers of clusters by their use.
public struct UseCounts<Use: ClusterUse>: Hashable, Sendable {
    private var counts: [UInt64]

    init() { counts = Array(repeating: 0, count: Use.allCases.count) }
    init(_ counts: ArraySlice<UInt64>) { self.counts = Array(counts) }

    public internal(set) subscript(use: Use) -> UInt64 {
        get { counts[use.rawValue] }
        set { counts[use.rawValue] = newValue }
    }

    public var sum: UInt64 { counts.reduce(0) { $0.saturatingAdd($1) } }

    /// The uses that occur, the most telling one first.
    public var present: [(use: Use, count: UInt64)] {
        Use.allCases.map { ($0, self[$0]) }.filter { $0.1 > 0 }
    }

    static var leastTelling: Use { Array(Use.allCases)[Use.allCases.count - 1] }
}
