/// The result of the check of one image.
public struct CheckResult: Sendable {
    /// nil if it could not be read.
    public let header: Header?
    /// nil if the header is not valid.
    public let geometry: Geometry?
    /// The rule that the header breaks, if any.
    public let fault: HeaderFault?
    /// The name of the backing file in the header; nil if there is none.
    public let backingFilename: [UInt8]?

    public internal(set) var counts = EntryCounts()
    /// Leaked clusters; 0 unless every table could be read.
    public internal(set) var leaks: UInt64 = 0
    public internal(set) var corruptions: UInt64 = 0
    /// Reads that failed.
    public internal(set) var checkErrors: UInt64 = 0
    /// The first of those errors.
    public internal(set) var errors: [CheckError] = []
    public internal(set) var findings: [Finding] = []
    /// Why the check ended early, if it did.
    public internal(set) var stop: CheckStop?
    /// Bytes of tables read.
    public internal(set) var bytesRead: UInt64 = 0
    /// The number of leaks that `qemu-img check` (7.2) prints; nil if it prints none.
    public internal(set) var qemuLeaks: Int64?

    init(_ pass: HeaderPass) {
        header = pass.header
        geometry = pass.geometry
        fault = pass.fault
        backingFilename = pass.backingFilename
        checkErrors = pass.errors.count
        errors = pass.errors.errors
    }

    /// Whether the image is marked dirty.
    public var isDirty: Bool { header?.needCheck ?? false }

    /// Clusters of the image as the guest sees it; nil without a valid header.
    public var totalClusters: UInt64? { geometry?.imageClusters }

    /// The outcome of the check alone, which is never `inUse` or `changing`.
    public var outcome: Outcome {
        if let fault { return fault.kind == .featuresUnsupported ? .unsupported : .invalid }
        if checkErrors > 0 || stop != nil { return .incomplete }
        if corruptions > 0 { return .corrupt }
        return leaks > 0 ? .leaking : .clean
    }

    /// Why the image was not checked completely; nil if it was.
    public var message: String? {
        if let fault {
            let isShort = findings.contains { $0.kind == .headerTruncated }
            return (isShort ? FindingKind.headerTruncated.message + "; " : "") + fault.description
        }
        if let stop { return stop.message }
        return errors.first?.description
    }
}

/// The outcome for an image. The raw values are stored: they are never renamed or reused.
public enum Outcome: String, CaseIterable, Sendable {
    /// Nothing is wrong. The image may still be dirty.
    case clean
    /// Clusters are leaked; nothing else is wrong.
    case leaking
    case corrupt
    /// Something could not be read, or the check exceeded its limits. Counters are lower bounds, and leaks are not
    /// counted.
    case incomplete
    /// It has QED's magic number, but its header or the offset of its L1 table cannot be used.
    case invalid
    /// It has feature bits that the specification does not define.
    case unsupported
    /// A program that may write to it has it open. It was not checked, or only provisionally.
    case inUse = "in_use"
    /// It changed during the check, twice in a row.
    case changing

    /// Whether the counters are exact.
    public var isConclusive: Bool {
        switch self {
        case .clean, .leaking, .corrupt: true
        case .incomplete, .invalid, .unsupported, .inUse, .changing: false
        }
    }
}
