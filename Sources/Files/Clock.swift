import Glibc

/// The system's clocks: the one place that calls clock_gettime(2).
package enum Clock: Sendable {
    /// Time since 1970. It may be set forward or back.
    case wall
    /// Time since some moment in the past. Nobody can set it.
    case monotonic
    /// The same, accurate to some milliseconds, without a system call.
    case coarse

    /// Nanoseconds.
    package var now: Int64 {
        var time = timespec()
        clock_gettime(identifier, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    private var identifier: clockid_t {
        switch self {
        case .wall: CLOCK_REALTIME
        case .monotonic: CLOCK_MONOTONIC
        case .coarse: CLOCK_MONOTONIC_COARSE
        }
    }
}
