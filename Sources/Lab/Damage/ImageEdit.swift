import QED

/// One exact change to an image, for tests that say what they change.
package enum ImageEdit: Hashable, Sendable {
    case field(HeaderField, UInt64)
    /// An L1 entry and its new value.
    case l1(Int, UInt64)
    /// An L2 entry and its new value.
    case l2(Int, Int, UInt64)
    /// The file's new length in bytes.
    case length(UInt64)
    /// Bytes at an offset.
    case bytes([UInt8], at: UInt64)

    package func apply(to editor: ImageEditor) throws(LabError) {
        switch self {
        case .field(let field, let value): try editor.write(value, to: field)
        case .l1(let index, let value): try editor.writeL1(value, at: index)
        case .l2(let l1Index, let l2Index, let value): try editor.writeL2(value, at: l2Index, of: l1Index)
        case .length(let length): try editor.truncate(to: length)
        case .bytes(let bytes, let offset): try editor.write(bytes, at: offset)
        }
    }
}

extension ImageEdit: CustomStringConvertible {
    package var description: String {
        switch self {
        case .field(let field, let value): "\(field.rawValue) = 0x\(String(value, radix: 16))"
        case .l1(let index, let value): "l1[\(index)] = 0x\(String(value, radix: 16))"
        case .l2(let l1Index, let l2Index, let value): "l2[\(l1Index)][\(l2Index)] = 0x\(String(value, radix: 16))"
        case .length(let length): "length = \(length)"
        case .bytes(let bytes, let offset): "\(bytes.count) bytes at \(offset)"
        }
    }
}
