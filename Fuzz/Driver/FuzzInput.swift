/// The bytes of an input, taken one after the other. Past their end there are only zeros.
package struct FuzzInput {
    private var rest: UnsafeRawBufferPointer.SubSequence

    package init(_ bytes: UnsafeRawBufferPointer) { rest = bytes[...] }

    package var isEmpty: Bool { rest.isEmpty }
    /// How many are left.
    package var count: Int { rest.count }

    /// The next bytes, little-endian.
    package mutating func integer<Integer: FixedWidthInteger>(_ type: Integer.Type = Integer.self) -> Integer {
        var value: Integer = 0
        for position in 0..<Integer.bitWidth / 8 {
            guard let byte = rest.popFirst() else { break }
            value |= Integer(truncatingIfNeeded: byte) << Integer(8 * position)
        }
        return value
    }

    /// So many bytes, or as many as are left.
    package mutating func bytes(_ count: Int) -> [UInt8] {
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }

    /// All that are left.
    package mutating func remainder() -> [UInt8] { bytes(rest.count) }
}
