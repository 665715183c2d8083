import Glibc

/// The system's clocks: clock_gettime(2), the one place that calls it.
package enum Clock: Sendable {
    /// Time since 1970; may be set, forwards and back.
    case wall
    /// Time since some moment; never set.
    case monotonic
    /// The same to within some milliseconds, without a system call.
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
