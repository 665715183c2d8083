import Files
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
        return String(unsafeUninitializedCapacity: length) { buffer in
            var end = 0
            // The years of 64 bits of nanoseconds, 1677 to 2262, have four digits.
            write(parts.tm_year + 1900, digits: 4, then: "-", to: buffer, &end)
            write(parts.tm_mon + 1, digits: 2, then: "-", to: buffer, &end)
            write(parts.tm_mday, digits: 2, then: " ", to: buffer, &end)
            write(parts.tm_hour, digits: 2, then: ":", to: buffer, &end)
            write(parts.tm_min, digits: 2, then: ":", to: buffer, &end)
            write(parts.tm_sec, digits: 2, then: ".", to: buffer, &end)
            write(Int32(milliseconds), digits: 3, then: nil, to: buffer, &end)
            return end
        }
    }

    /// The whole seconds since 1970 of a text, rounded down; nil if the text is no such time.
    static func seconds(of text: UnsafeRawBufferPointer) -> Int64? {
        guard text.count >= 19, text[4] == text[7], text[4] == UInt8(ascii: "-"), text[10] == UInt8(ascii: " "),
            text[13] == text[16], text[13] == UInt8(ascii: ":")
        else { return nil }
        var isText = true
        func number(_ places: Range<Int>) -> Int64 {
            places.reduce(0) { sum, place in
                let digit = text[place] &- UInt8(ascii: "0")
                isText = isText && digit < 10
                return sum * 10 + Int64(digit)
            }
        }
        let (month, day) = (number(5..<7), number(8..<10))
        let clock = number(11..<13) * 3600 + number(14..<16) * 60 + number(17..<19)
        // Years are counted from March, so that the leap day is a year's last.
        let year = number(0..<4) - (month < 3 ? 1 : 0)
        let days = year * 365 + year / 4 - year / 100 + year / 400 + ((month + 9) % 12 * 153 + 2) / 5 + day
        // 1970 begins 719469 days after 1 March of the year 0.
        return isText ? (days - 719_469) * 86_400 + clock : nil
    }

    /// The time now.
    package static func now() -> String { text(nanoseconds: Clock.wall.now) }

    /// Bytes of a text.
    private static let length = 23

    /// Writes the last digits of a number and a sign at `end`, and advances `end`.
    private static func write(
        _ number: Int32, digits: Int, then sign: Unicode.Scalar?, to buffer: UnsafeMutableBufferPointer<UInt8>,
        _ end: inout Int
    ) {
        var rest = number
        for place in stride(from: end + digits - 1, through: end, by: -1) {
            buffer[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        end += digits
        if let sign {
            buffer[end] = UInt8(ascii: sign)
            end += 1
        }
    }
}
