import Files
import ScanModel

extension ShardRange {
    func contains(_ position: PathPosition) -> Bool {
        UInt64(position.rawValue) >= lower && UInt64(position.rawValue) < upper
    }
}

/// Which part of a pool a person wants checked, by number. Its range may depend on the pool.
package struct ShardRequest: Sendable, Equatable {
    /// What is divided evenly among the parts.
    package enum Basis: String, CaseIterable, Sendable {
        /// Positions, so that the parts have about the same number of files.
        case count
        /// The bytes of all files.
        case size
    }

    /// From 1 to `count`.
    package let number: Int
    package let count: Int
    package let basis: Basis

    /// The largest number of parts.
    package static let largestCount = 10_000

    /// nil if there is no such part.
    package init?(number: Int, count: Int, basis: Basis = .count) {
        guard 1 <= number, number <= count, count <= ShardRequest.largestCount else { return nil }
        self.number = number
        self.count = count
        self.basis = basis
    }

    /// As on a command line: `3/8`.
    package var text: String { "\(number)/\(count)" }

    /// The part by size; by count if there are no bytes.
    func shard(of sizes: PositionSizes) -> ShardRange {
        guard let lower = sizes.cut(after: number - 1, of: count), let upper = sizes.cut(after: number, of: count)
        else { return shardByCount }
        return ShardRange(number: number, count: count, lower: lower, upper: upper)
    }

    var shardByCount: ShardRange {
        ShardRange(number: number, count: count, lower: evenCut(after: number - 1), upper: evenCut(after: number))
    }

    /// Where the first `number` parts end if all have the same length, rounded up.
    private func evenCut(after number: Int) -> UInt64 {
        // Less than 2^46, since both numbers are small.
        (UInt64(number) << 32 + UInt64(count) - 1) / UInt64(count)
    }
}

/// How many bytes of files a pool has at which positions. The positions are in so many parts that a cut between two of
/// them is exact enough. It needs 8 MiB, however many files there are.
struct PositionSizes: Sendable, Equatable {
    private static let partBits: UInt64 = 20
    private static let partLength = PathPosition.count >> partBits
    private static let partsPerGroup = 1 << 10

    /// Bytes, in the order of the positions.
    private var parts = [UInt64](repeating: 0, count: 1 << partBits)
    /// The sums of `partsPerGroup` parts each, so that a cut need not look at every part.
    private var groups = [UInt64](repeating: 0, count: (1 << partBits) / partsPerGroup)
    private var total: UInt64 = 0

    mutating func add(_ bytes: UInt64, at position: PathPosition) {
        let part = Int(UInt64(position.rawValue) / PositionSizes.partLength)
        let group = part / PositionSizes.partsPerGroup
        parts[part] = parts[part].saturatingAdd(bytes)
        groups[group] = groups[group].saturatingAdd(bytes)
        total = total.saturatingAdd(bytes)
    }

    /// The end of a part that is nearest to the position before which `number` of `count` equal shares of all bytes
    /// are; nil if there are no bytes.
    ///
    /// - Parameter number: from 0 to `count`.
    func cut(after number: Int, of count: Int) -> UInt64? {
        guard total > 0 else { return nil }
        guard number > 0 else { return 0 }
        guard number < count else { return PathPosition.count }
        // The quotient is less than the total, so it fits.
        let share = UInt64(count).dividingFullWidth(total.multipliedFullWidth(by: UInt64(number))).quotient
        guard let group = PositionSizes.reach(share, in: groups[...], before: 0) else { return PathPosition.count }
        let first = group.index * PositionSizes.partsPerGroup
        let range = first..<first + PositionSizes.partsPerGroup
        guard let part = PositionSizes.reach(share, in: parts[range], before: group.before) else {
            return UInt64(range.upperBound) * PositionSizes.partLength
        }
        let isNearerToStart = share - part.before <= part.before.saturatingAdd(parts[part.index]) - share
        return UInt64(isNearerToStart ? part.index : part.index + 1) * PositionSizes.partLength
    }

    /// The first number other than 0 with which the sum reaches a share, and the sum before it.
    private static func reach(
        _ share: UInt64, in numbers: ArraySlice<UInt64>, before: UInt64
    ) -> (index: Int, before: UInt64)? {
        var before = before
        for index in numbers.indices where numbers[index] > 0 {
            let after = before.saturatingAdd(numbers[index])
            if after >= share { return (index, before) }
            before = after
        }
        return nil
    }
}
