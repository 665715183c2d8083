/// The `features` word of a header: bits that a program must know to open the image (QED specification, "Feature
/// bits").
public struct FeatureBits: OptionSet, Hashable, Sendable {
    public let rawValue: UInt64

    public init(rawValue: UInt64) { self.rawValue = rawValue }

    /// The image has a backing file.
    public static let backingFile = FeatureBits(rawValue: 0x1)
    /// The image is dirty: it was not closed cleanly and needs a consistency check before use.
    public static let needCheck = FeatureBits(rawValue: 0x2)
    /// The backing file is raw and must not be probed for a format.
    public static let backingFormatNoProbe = FeatureBits(rawValue: 0x4)

    /// The bits that the specification defines. An image with any other must not be opened.
    public static let known: FeatureBits = [.backingFile, .needCheck, .backingFormatNoProbe]

    /// The bits that the specification does not define.
    public var unknown: FeatureBits { subtracting(.known) }
}
