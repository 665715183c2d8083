import Files
import Glibc

/// A clock that never goes back, and a way to wait by it. A test puts its own in its place.
package struct PaceClock: Sendable {
    /// Nanoseconds since some moment.
    let now: @Sendable () -> UInt64
    /// Waits for so many nanoseconds, or less if a signal comes.
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
