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

    /// The use that represents the cell: the most important one in it. L2 tables are spread all over an image, so they
    /// represent a cell only if they are at least a hundredth of it, or if it has nothing less important.
    public var leadingUse: Use {
        var skipped: Use?
        for use in Use.allCases where counts[use] > 0 {
            guard use.isEverywhere, counts[use] < UInt64(clusters.count) / 100 else { return use }
            skipped = skipped ?? use
        }
        return skipped ?? UseCounts<Use>.leastImportant
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

    /// The uses that occur, the most important one first.
    public var present: [(use: Use, count: UInt64)] {
        Use.allCases.map { ($0, self[$0]) }.filter { $0.1 > 0 }
    }

    static var leastImportant: Use { Array(Use.allCases)[Use.allCases.count - 1] }
}

/// A strip in the making, to which uses are added from the start to the end.
struct StripBuilder<Use: ClusterUse> {
    /// More cells than this are useless and take memory.
    private static var maximumCellCount: UInt64 { 1 << 16 }

    private let clusterCount: UInt64
    /// Where each cell begins, and at last where the strip ends.
    private let bounds: [UInt64]
    /// Of each cell the count of each use.
    private var counts: [UInt64]
    /// Counts of each cell. Asking the type each time would cost an allocation.
    private let useCount = Use.allCases.count
    private var cell = 0
    /// Everything before it is known.
    private(set) var position: UInt64 = 0

    /// - Parameter cellCount: how many cells; fewer if there are not so many clusters.
    init(clusterCount: UInt64, cellCount: Int) {
        self.clusterCount = clusterCount
        let cells = min(UInt64(max(cellCount, 1)), clusterCount, StripBuilder.maximumCellCount)
        bounds = (0...cells).map { index in
            // A product of 128 bits: neither half of it can overflow, since index <= cells.
            cells == 0 ? 0 : cells.dividingFullWidth(index.multipliedFullWidth(by: clusterCount)).quotient
        }
        counts = Array(repeating: 0, count: Int(cells) * useCount)
    }

    /// Adds clusters of one use. What lies before the position or past the end is left out.
    mutating func add(_ use: Use, _ clusters: Range<UInt64>) {
        var start = max(clusters.lowerBound, position)
        let end = min(clusters.upperBound, clusterCount)
        while start < end {
            while bounds[cell + 1] <= start { cell += 1 }
            let part = min(end, bounds[cell + 1]) - start
            counts[cell * useCount + use.rawValue] += part
            start += part
            position = start
        }
    }

    /// The strip. Clusters that were not added have the use that is given.
    func strip(filledWith rest: Use) -> UsageStrip<Use> {
        var total = UseCounts<Use>()
        let cells = (0..<bounds.count - 1).map { index in
            var cell = UseCounts<Use>(counts[index * useCount..<(index + 1) * useCount])
            cell[rest] += bounds[index + 1] - bounds[index] - cell.sum
            for use in Use.allCases { total[use] += cell[use] }
            return UsageCell(clusters: bounds[index]..<bounds[index + 1], counts: cell)
        }
        return UsageStrip(clusterCount: clusterCount, cells: cells, total: total)
    }
}
