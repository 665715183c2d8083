import Files
import Glibc
import QED
import Synchronization

/// Limits the bytes that all workers of a scan together read in a second.
///
/// A token bucket that each read pays before it is made. In any stretch of time, no more is read than the rate allows
/// for that time plus a tenth of a second.
package final class ReadRate: Sendable {
    /// Nanoseconds that an idle reader may catch up.
    static let burst: UInt64 = 100_000_000
    /// Nanoseconds after which a wait tests the cancellation.
    private static let slice: UInt64 = 50_000_000

    let bytesPerSecond: UInt64
    private let clock: PaceClock
    /// The time at which all granted reads are paid.
    private let paidAt: Locked<UInt64>

    package init(bytesPerSecond: UInt64, clock: PaceClock = .monotonic) {
        self.bytesPerSecond = max(bytesPerSecond, 1)
        self.clock = clock
        paidAt = Locked(clock.now())
    }

    /// Waits until `bytes` may be read or the scan is cancelled. Returns the nanoseconds that it waited.
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

/// A clock that never goes back, and a way to wait by it. Tests replace it.
package struct PaceClock: Sendable {
    /// Nanoseconds since a fixed moment.
    let now: @Sendable () -> UInt64
    /// Waits for this number of nanoseconds, or less if a signal arrives.
    let sleep: @Sendable (UInt64) -> Void

    package init(now: @escaping @Sendable () -> UInt64, sleep: @escaping @Sendable (UInt64) -> Void) {
        self.now = now
        self.sleep = sleep
    }

    /// CLOCK_MONOTONIC and nanosleep(2).
    package static let monotonic = PaceClock {
        UInt64(Clock.monotonic.now)
    } sleep: { nanoseconds in
        let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        var time = timespec(tv_sec: Int(seconds), tv_nsec: Int(rest))
        nanosleep(&time, nil)
    }
}

/// An image whose reads wait until the rate allows them.
struct ThrottledSource: ImageSource {
    let base: ImageFile
    let rate: ReadRate
    let throttleTime: ThrottleTime
    let cancellation: Cancellation

    var size: UInt64 { base.size }
    var diskSize: UInt64 { base.diskSize }
    var allowsConcurrentReads: Bool { base.allowsConcurrentReads }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: ByteOffset) throws(SystemError) -> Int {
        let rest = base.size > offset.rawValue ? base.size - offset.rawValue : 0
        throttleTime.add(rate.take(min(UInt64(buffer.count), rest), cancellation))
        return try base.read(into: buffer, at: offset)
    }

    func nextData(from offset: ByteOffset) throws(SystemError) -> Range<UInt64>? {
        try base.nextData(from: offset)
    }
}

/// How long the reads of one worker have been throttled. The waits of several threads in one image add up.
final class ThrottleTime: Sendable {
    private let sum = Atomic<UInt64>(0)

    var nanoseconds: UInt64 { sum.load(ordering: .relaxed) }

    func add(_ nanoseconds: UInt64) { sum.wrappingAdd(nanoseconds, ordering: .relaxed) }
}
