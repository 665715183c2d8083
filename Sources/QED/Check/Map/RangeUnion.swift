/// A set of bytes or clusters, made of ranges.
package struct RangeUnion {
    /// Disjoint, in order.
    private let ranges: [Range<UInt64>]

    package init(of ranges: [Range<UInt64>]) {
        var union: [Range<UInt64>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = union.last, range.lowerBound <= last.upperBound {
                union[union.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
            } else {
                union.append(range)
            }
        }
        self.ranges = union
    }

    package func contains(_ offset: UInt64) -> Bool {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound <= offset { low = middle + 1 } else { high = middle }
        }
        return low < ranges.count && ranges[low].contains(offset)
    }
}
