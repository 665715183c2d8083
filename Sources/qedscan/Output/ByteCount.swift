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
