/// Values of options as types. Each is nil if the option wasn't given, and throws a ``UsageError`` that names option
/// and value if the value is not accepted.
extension ParsedCommand {
    /// The option's value as a whole number within `range`.
    package func integer(of option: String, in range: ClosedRange<Int>) throws(UsageError) -> Int? {
        guard let value = value(of: option) else { return nil }
        return try integer(value, subject: "option '--\(option)'", in: range)
    }

    /// All that was given for the operand declared with this name, as whole numbers within `range`.
    package func integers(ofOperand name: String, in range: ClosedRange<Int>) throws(UsageError) -> [Int] {
        var numbers: [Int] = []
        for value in operands(named: name) {
            numbers.append(try integer(value, subject: "operand \(name)", in: range))
        }
        return numbers
    }

    /// The option's value as a span of time, in whole seconds: `90s`, `10m`, `2h`, `7d`, or a plain number of seconds.
    package func duration(of option: String) throws(UsageError) -> Duration? {
        let seconds = try quantity(of: option, Quantity.timeUnits, "a time such as 90s, 10m, 2h or 7d")
        return seconds.map { .seconds($0) }
    }

    /// The option's value as a number of bytes: `64K`, `1M`, `2G`, `1T` in powers of 1024, or a plain number.
    package func byteCount(of option: String) throws(UsageError) -> Int? {
        try quantity(of: option, Quantity.sizeUnits, "a size such as 4096, 64K, 1M, 2G or 1T")
    }

    /// The option's value as a case of an enumeration, by its raw value.
    package func choice<Choice>(of option: String, as type: Choice.Type) throws(UsageError) -> Choice?
    where Choice: RawRepresentable<String> & CaseIterable {
        try choices(of: option, as: type).last
    }

    /// All values of the option as cases of an enumeration, in order; empty if it wasn't given.
    package func choices<Choice>(of option: String, as type: Choice.Type) throws(UsageError) -> [Choice]
    where Choice: RawRepresentable<String> & CaseIterable {
        var cases: [Choice] = []
        for value in values(of: option) {
            guard let match = type.allCases.first(where: { $0.rawValue.utf8.elementsEqual(value.bytes) }) else {
                let known = type.allCases.map(\.rawValue)
                let suggestion = Suggestion(for: value, among: known).question
                let complaint = "is not one of \(known.joined(separator: ", "))\(suggestion)"
                throw refusal(of: value, option: option, because: complaint)
            }
            cases.append(match)
        }
        return cases
    }

    // MARK: - Non public

    private func integer(
        _ value: RawArgument, subject: String, in range: ClosedRange<Int>
    ) throws(UsageError) -> Int {
        if let number = Int(value.text), range.contains(number) { return number }
        let bounds =
            range.upperBound == Int.max
            ? "of \(range.lowerBound) or more" : "from \(range.lowerBound) to \(range.upperBound)"
        throw usageError("\(subject): '\(value.printable)' is not a whole number \(bounds)")
    }

    private func quantity(
        of option: String, _ units: [UInt8: Int], _ expected: String
    ) throws(UsageError) -> Int? {
        guard let value = value(of: option) else { return nil }
        do throws(Quantity.Fault) {
            return try Quantity(value, units: units).value
        } catch {
            let complaint = error == .tooLarge ? "is too large" : "is not \(expected)"
            throw refusal(of: value, option: option, because: complaint)
        }
    }
}

/// A whole number with the letter of a unit, as `10m` or `64K`.
struct Quantity {
    /// Why a text is not a quantity.
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

    /// The number times its unit, which is 1 if there is no letter.
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
