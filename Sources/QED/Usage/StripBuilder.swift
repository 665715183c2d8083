/// A strip in the making: uses are added from the start to the end.
struct StripBuilder<Use: ClusterUse> {
    /// Cells more than this are of no use, and cost memory.
    private static var maximumCellCount: UInt64 { 1 << 16 }

    private let clusterCount: UInt64
    /// Where each cell begins, and at last where the strip ends.
    private let bounds: [UInt64]
    /// Of each cell the count of each use.
    private var counts: [UInt64]
    /// Counts of each cell. Asking the type each time would cost an allocation.
    private let useCount = Use.allCases.count
    private var cell = 0
    /// Everything before it is settled.
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
