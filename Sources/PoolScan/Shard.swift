import Files

/// The part of a pool that one of several scans checks: the files whose positions are in a range.
package struct Shard: Sendable, Equatable {
    /// From 1 to `count`.
    package let number: Int
    package let count: Int
    /// The first position, at most 2^32.
    package let lower: UInt64
    /// The position after the last, from `lower` to 2^32. The range is empty if they are the same.
    package let upper: UInt64

    func contains(_ position: PathPosition) -> Bool {
        UInt64(position.rawValue) >= lower && UInt64(position.rawValue) < upper
    }
}

/// Which part of a pool a person wants checked, by number. Where it begins and ends may depend on the pool.
package struct ShardRequest: Sendable, Equatable {
    /// What all parts have the same amount of.
    package enum Basis: String, CaseIterable, Sendable {
        /// Positions, and so about as many files.
        case count
        /// Bytes of files.
        case size
    }

    /// From 1 to `count`.
    package let number: Int
    package let count: Int
    package let basis: Basis

    /// More parts than this are not made.
    package static let largestCount = 10_000

    /// nil if there is no such part.
    package init?(number: Int, count: Int, basis: Basis = .count) {
        guard 1 <= number, number <= count, count <= ShardRequest.largestCount else { return nil }
        self.number = number
        self.count = count
        self.basis = basis
    }

    /// As a command line has it: `3/8`.
    package var text: String { "\(number)/\(count)" }

    /// The part's range, for `ScanConfiguration.shard`. By size, this walks all directories and looks at the status of every
    /// file that the filter accepts; errors are left to the scan to report.
    ///
    /// - Returns: nil if it was cancelled.
    package func shard(of configuration: ScanConfiguration, cancellation: Cancellation = Cancellation()) -> Shard? {
        guard !cancellation.isCancelled else { return nil }
        guard basis == .size else { return shardByCount }
        var walker = Walker(
            configuration: configuration, cancellation: cancellation, visitor: SizeVisitor(), fail: { _ in })
        walker.run()
        guard !cancellation.isCancelled else { return nil }
        return shard(of: walker.visitor.sizes)
    }

    /// As by count if there are no bytes.
    func shard(of sizes: PositionSizes) -> Shard {
        guard let lower = sizes.cut(after: number - 1, of: count), let upper = sizes.cut(after: number, of: count)
        else { return shardByCount }
        return Shard(number: number, count: count, lower: lower, upper: upper)
    }

    private var shardByCount: Shard {
        Shard(number: number, count: count, lower: evenCut(after: number - 1), upper: evenCut(after: number))
    }

    /// Where the first so many parts end if all are of the same length: rounded up.
    private func evenCut(after number: Int) -> UInt64 {
        // Less than 2^46, since both numbers are small.
        (UInt64(number) << 32 + UInt64(count) - 1) / UInt64(count)
    }
}
