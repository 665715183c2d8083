/// What came of an image. The raw values are stored: never renamed or used again for something else.
public enum Outcome: String, CaseIterable, Sendable {
    /// Nothing is wrong. The image may be dirty all the same.
    case clean
    /// Clusters are leaked, nothing else.
    case leaking
    case corrupt
    /// Not all of it could be read, or it went over its limits: counters are lower bounds, and leaks are not counted.
    case incomplete
    /// QED by its magic, but the header or the place of the L1 table cannot be used.
    case invalid
    /// Feature bits that the specification does not define.
    case unsupported
    /// A program that may write has it open: not checked, or only provisionally.
    case inUse = "in_use"
    /// It changed while it was checked, twice.
    case changing

    /// Whether the counters tell all there is to know of the image.
    public var isConclusive: Bool {
        switch self {
        case .clean, .leaking, .corrupt: true
        case .incomplete, .invalid, .unsupported, .inUse, .changing: false
        }
    }
}
