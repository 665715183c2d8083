import Glibc

/// A time as the store keeps it: UTC text `YYYY-MM-DD HH:MM:SS.mmm`, which SQLite's date functions read.
package enum Timestamp {
    /// - Parameter nanoseconds: since 1970.
    package static func text(nanoseconds: Int64) -> String {
        let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        var time = time_t(rest < 0 ? seconds - 1 : seconds)
        let milliseconds = (rest < 0 ? rest + 1_000_000_000 : rest) / 1_000_000
        var parts = tm()
        gmtime_r(&time, &parts)
        let date = [
            padded(parts.tm_year + 1900, 4), padded(parts.tm_mon + 1, 2), padded(parts.tm_mday, 2),
        ]
        let clock = [padded(parts.tm_hour, 2), padded(parts.tm_min, 2), padded(parts.tm_sec, 2)]
        return date.joined(separator: "-") + " " + clock.joined(separator: ":") + "." + padded(Int32(milliseconds), 3)
    }

    /// The time now.
    package static func now() -> String { text(nanoseconds: nanosecondsNow()) }

    /// Nanoseconds since 1970.
    package static func nanosecondsNow() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    private static func padded(_ number: Int32, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(width - digits.count, 0)) + digits
    }
}
