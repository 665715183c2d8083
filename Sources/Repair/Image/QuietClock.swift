import Files
import Glibc

/// Where the time comes from.
package struct QuietClock: Sendable {
    /// Time since any moment in the past: never set, never goes back.
    package let monotonic: @Sendable () -> Duration
    /// Time since 1970.
    package let wall: @Sendable () -> Duration

    package init(monotonic: @escaping @Sendable () -> Duration, wall: @escaping @Sendable () -> Duration) {
        self.monotonic = monotonic
        self.wall = wall
    }

    package static let system = QuietClock(
        monotonic: { .nanoseconds(Clock.monotonic.now) }, wall: { .nanoseconds(Clock.wall.now) })
}
