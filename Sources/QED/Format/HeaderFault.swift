/// The rule of the header that an image breaks, so that it cannot be used at all.
public struct HeaderFault: Error, Hashable, Sendable {
    public let kind: FindingKind
    public let field: HeaderField
    /// The field's value.
    public let value: UInt64

    init(_ kind: FindingKind, field: HeaderField, value: UInt64) {
        self.kind = kind
        self.field = field
        self.value = value
    }
}

extension HeaderFault: CustomStringConvertible {
    /// The field, its value and the reason, as one clause.
    public var description: String {
        switch field {
        case .features, .compatFeatures, .autoclearFeatures:
            "\(field.rawValue) 0x\(String(value, radix: 16)): \(kind.message)"
        default:
            "\(field.rawValue) \(value): \(kind.message)"
        }
    }
}
