import Lab
import QED

/// The ways in which a field of an image is changed: file systems test their repair tools with the same.
package enum FieldChange: String, CaseIterable, Sendable {
    case clear
    /// Every bit.
    case set
    case toggleHighBit, toggleMiddleBit, toggleLowBit
    /// By the field's unit.
    case add, subtract
    /// Any value; every other time a cluster of the file, which an entry may well refer to.
    case random

    /// The new value for an old one, as wide as the field.
    func changed(_ old: UInt64, of field: Field, in image: FieldImage, seed: UInt64) -> UInt64 {
        let bits = UInt64(field.byteCount * 8)
        let value: UInt64 =
            switch self {
            case .clear: 0
            case .set: .max
            case .toggleHighBit: old ^ (1 << (bits - 1))
            case .toggleMiddleBit: old ^ (1 << (bits / 2))
            case .toggleLowBit: old ^ 1
            case .add: old &+ image.unit(of: field)
            case .subtract: old &- image.unit(of: field)
            case .random: image.randomValue(of: field, seed: seed)
            }
        return bits == 64 ? value : value & (1 << bits - 1)
    }
}

/// A number in an image that the format gives a meaning.
package enum Field: Hashable, Sendable {
    case header(HeaderField)
    /// An entry of the L1 table, and its offset in the file.
    case l1(Int, offset: Int)
    /// An entry of the L2 table of an L1 entry, and its offset in the file.
    case l2(Int, Int, offset: Int)

    /// Bytes from the start of the file.
    package var offset: Int {
        switch self {
        case .header(let field): field.offset
        case .l1(_, let offset), .l2(_, _, let offset): offset
        }
    }

    package var byteCount: Int {
        switch self {
        case .header(let field): field.size
        case .l1, .l2: 8
        }
    }
}

extension Field: CustomStringConvertible {
    package var description: String {
        switch self {
        case .header(let field): field.rawValue
        case .l1(let index, _): "l1[\(index)]"
        case .l2(let l1Index, let l2Index, _): "l2[\(l1Index)][\(l2Index)]"
        }
    }
}

/// One change of one field of an image.
package struct FieldCase: Hashable, Sendable {
    package let field: Field
    package let change: FieldChange
    package let before: UInt64
    package let after: UInt64

    /// Makes the change in the bytes of the image.
    package func apply(to bytes: inout [UInt8]) {
        bytes.setInteger(after, at: field.offset, byteCount: field.byteCount)
    }

    /// Takes it back.
    package func revert(in bytes: inout [UInt8]) {
        bytes.setInteger(before, at: field.offset, byteCount: field.byteCount)
    }
}

extension FieldCase: CustomStringConvertible {
    package var description: String {
        let values = [before, after].map { "0x" + String($0, radix: 16) }
        return "\(field) at \(field.offset): \(change.rawValue), \(values[0]) -> \(values[1])"
    }
}

extension [UInt8] {
    /// An integer, least significant byte first.
    func integer(at offset: Int, byteCount: Int) -> UInt64 {
        self[offset..<offset + byteCount].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    fileprivate mutating func setInteger(_ value: UInt64, at offset: Int, byteCount: Int) {
        for position in 0..<byteCount {
            self[offset + position] = UInt8(truncatingIfNeeded: value >> UInt64(8 * position))
        }
    }
}
