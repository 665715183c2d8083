/// Something wrong that a repair leaves as it is.
public struct Unrepaired: Hashable, Sendable {
    public let reason: String
    /// How many entries, tables or clusters.
    public internal(set) var count: UInt64

    init(_ reason: String, count: UInt64) {
        self.reason = reason
        self.count = count
    }
}
