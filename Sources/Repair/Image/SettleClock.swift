import Glibc

/// Where the time comes from.
package struct SettleClock: Sendable {
    /// Time since any moment in the past: never set, never goes back.
    package let monotonic: @Sendable () -> Duration
    /// Time since 1970.
    package let wall: @Sendable () -> Duration

    package init(monotonic: @escaping @Sendable () -> Duration, wall: @escaping @Sendable () -> Duration) {
        self.monotonic = monotonic
        self.wall = wall
    }

    package static let system = SettleClock(
        monotonic: { SettleClock.now(CLOCK_MONOTONIC) }, wall: { SettleClock.now(CLOCK_REALTIME) })

    private static func now(_ clock: clockid_t) -> Duration {
        var time = timespec()
        clock_gettime(clock, &time)
        return .seconds(Int64(time.tv_sec)) + .nanoseconds(Int64(time.tv_nsec))
    }
}
