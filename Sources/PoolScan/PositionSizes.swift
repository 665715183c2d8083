import Files

/// How many bytes of files a pool has at which positions, in so many parts that cutting between two of them is exact
/// enough. It needs 8 MiB, however many files there are.
struct PositionSizes: Sendable, Equatable {
    private static let partBits: UInt64 = 20
    private static let partLength = PathPosition.count >> partBits
    private static let partsPerGroup = 1 << 10

    /// Bytes, of positions in order.
    private var parts = [UInt64](repeating: 0, count: 1 << partBits)
    /// The sums of as many parts each, so that a cut need not look at all of them.
    private var groups = [UInt64](repeating: 0, count: (1 << partBits) / partsPerGroup)
    private var total: UInt64 = 0

    mutating func add(_ bytes: UInt64, at position: PathPosition) {
        let part = Int(UInt64(position.rawValue) / PositionSizes.partLength)
        let group = part / PositionSizes.partsPerGroup
        parts[part] = parts[part].saturatingAdd(bytes)
        groups[group] = groups[group].saturatingAdd(bytes)
        total = total.saturatingAdd(bytes)
    }

    /// The position before which `number` of `count` equal shares of all bytes are: as near as the end of a part is.
    /// nil if there are no bytes.
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

    /// The first number that is not 0 and with which a sum comes to a share, and the sum before it.
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
