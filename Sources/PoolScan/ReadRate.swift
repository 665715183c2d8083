import Files

/// Limits the bytes that all workers of a scan together read in a second.
///
/// A token bucket that each read pays before it is made: of any stretch of time, no more is read than the rate allows
/// for it and a tenth of a second.
package final class ReadRate: Sendable {
    /// Nanoseconds that a reader who was idle may catch up with.
    static let burst: UInt64 = 100_000_000
    /// Nanoseconds after which a wait looks at the cancellation.
    private static let slice: UInt64 = 50_000_000

    let bytesPerSecond: UInt64
    private let clock: PaceClock
    /// The time at which all that was granted is paid.
    private let paidAt: Locked<UInt64>

    package init(bytesPerSecond: UInt64, clock: PaceClock = .monotonic) {
        self.bytesPerSecond = max(bytesPerSecond, 1)
        self.clock = clock
        paidAt = Locked(clock.now())
    }

    /// Waits until so many bytes may be read, or until the scan is cancelled. Returns the nanoseconds that it waited.
    func take(_ bytes: UInt64, _ cancellation: Cancellation) -> UInt64 {
        let begin = clock.now()
        let due = paidAt.withLock { paidAt in
            let start = max(paidAt, begin > ReadRate.burst ? begin - ReadRate.burst : 0)
            let (sum, overflow) = start.addingReportingOverflow(cost(of: bytes))
            paidAt = overflow ? .max : sum
            return paidAt
        }
        var now = begin
        while now < due, !cancellation.isCancelled {
            clock.sleep(min(due - now, ReadRate.slice))
            now = clock.now()
        }
        return now - begin
    }

    /// Nanoseconds, rounded up.
    private func cost(of bytes: UInt64) -> UInt64 {
        let product = bytes.multipliedFullWidth(by: 1_000_000_000)
        guard product.high < bytesPerSecond else { return .max }
        let (quotient, remainder) = bytesPerSecond.dividingFullWidth(product)
        return remainder == 0 ? quotient : quotient + 1
    }
}
