/// The part of a pool that one of several scans checks: the files whose positions are in a range.
package struct ShardRange: Sendable, Equatable {
    /// From 1 to `count`.
    package let number: Int
    package let count: Int
    /// The first position, at most 2^32.
    package let lower: UInt64
    /// The position after the last, from `lower` to 2^32. The range is empty if they are the same.
    package let upper: UInt64

    package init(number: Int, count: Int, lower: UInt64, upper: UInt64) {
        self.number = number
        self.count = count
        self.lower = lower
        self.upper = upper
    }
}
