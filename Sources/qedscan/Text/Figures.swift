import Glibc

/// Decimal numbers with a fixed number of places, as printf(3) rounds them.
enum Decimal {
    static func text(_ value: Double, places: Int32) -> String {
        withVaList([places, value]) { arguments in
            var buffer = [CChar](repeating: 0, count: 400)
            vsnprintf(&buffer, buffer.count, "%.*f", arguments)
            return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        }
    }
}

/// Numbers of bytes for people, in powers of 1024.
enum ByteCount {
    /// `512 B`, `1.5 KiB`, `2.0 TiB`.
    static func text(_ count: Int64) -> String {
        let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
        var value = Double(count)
        var unit = 0
        while abs(value) >= 1024, unit < units.count - 1 {
            value /= 1024
            unit += 1
        }
        return unit == 0 ? "\(count) B" : "\(Decimal.text(value, places: 1)) \(units[unit])"
    }
}

/// Numbers of things for people.
enum Count {
    /// `1 image`, `2 images`.
    static func text(_ count: some BinaryInteger, _ noun: String) -> String {
        "\(count) \(noun)\(count == 1 ? "" : "s")"
    }
}

extension String {
    /// The text with blanks after it, at least one, so that it takes `width` characters.
    func padded(to width: Int) -> String { self + String(repeating: " ", count: max(width - count, 1)) }

    /// The text with blanks before it, so that it takes `width` characters.
    func indented(to width: Int) -> String { String(repeating: " ", count: max(width - count, 0)) + self }
}
