/// A whole number with a unit's letter, as `10m` or `64K`.
struct Quantity {
    /// Why a text is no quantity.
    enum Fault: Error { case malformed, tooLarge }

    /// Seconds per unit of time: seconds, minutes, hours, days.
    static let timeUnits: [UInt8: Int] = [
        UInt8(ascii: "s"): 1, UInt8(ascii: "m"): 60, UInt8(ascii: "h"): 3600, UInt8(ascii: "d"): 86_400,
    ]

    /// Bytes per unit of size, powers of 1024 in either case.
    static let sizeUnits: [UInt8: Int] = [
        UInt8(ascii: "K"): 1 << 10, UInt8(ascii: "k"): 1 << 10, UInt8(ascii: "M"): 1 << 20, UInt8(ascii: "m"): 1 << 20,
        UInt8(ascii: "G"): 1 << 30, UInt8(ascii: "g"): 1 << 30, UInt8(ascii: "T"): 1 << 40, UInt8(ascii: "t"): 1 << 40,
    ]

    /// The number times its unit; 1 is the unit if there is no letter.
    let value: Int

    init(_ text: RawArgument, units: [UInt8: Int]) throws(Fault) {
        var digits = text.bytes[...]
        var unit = 1
        if let letter = digits.last, let factor = units[letter] {
            digits.removeLast()
            unit = factor
        }
        guard !digits.isEmpty else { throw .malformed }
        var total = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { throw .malformed }
            total = try Self.product(total, 10)
            let (sum, overflow) = total.addingReportingOverflow(Int(digit - UInt8(ascii: "0")))
            guard !overflow else { throw .tooLarge }
            total = sum
        }
        value = try Self.product(total, unit)
    }

    private static func product(_ a: Int, _ b: Int) throws(Fault) -> Int {
        let (product, overflow) = a.multipliedReportingOverflow(by: b)
        guard !overflow else { throw .tooLarge }
        return product
    }
}
