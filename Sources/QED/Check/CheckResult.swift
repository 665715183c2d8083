/// Everything that the check of one image gives.
public struct CheckResult: Sendable {
    /// nil if it could not be read.
    public let header: Header?
    /// nil if the header is not valid.
    public let geometry: Geometry?
    /// The rule of the header that is broken, if one is.
    public let fault: HeaderFault?
    /// The backing file's name as it stands in the header, nil if the image has none.
    public let backingFilename: [UInt8]?

    public internal(set) var counts = EntryCounts()
    /// Leaked clusters; 0 unless every table could be read.
    public internal(set) var leaks: UInt64 = 0
    public internal(set) var corruptions: UInt64 = 0
    /// Reads that failed.
    public internal(set) var checkErrors: UInt64 = 0
    /// What the first of those errors were.
    public internal(set) var errors: [CheckError] = []
    public internal(set) var findings: [Finding] = []
    /// Why the check ended early, if it did.
    public internal(set) var stop: CheckStop?
    /// Bytes of tables read.
    public internal(set) var bytesRead: UInt64 = 0
    /// What `qemu-img check` (7.2) would print as leaks; nil where it gives no count.
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

    /// The outcome of the check alone: never `inUse` or `changing`.
    public var outcome: Outcome {
        if let fault { return fault.kind == .featuresUnsupported ? .unsupported : .invalid }
        if checkErrors > 0 || stop != nil { return .incomplete }
        if corruptions > 0 { return .corrupt }
        return leaks > 0 ? .leaking : .clean
    }

    /// Why the image was not checked to its end, nil if it was.
    public var message: String? {
        if let fault {
            let isShort = findings.contains { $0.kind == .headerTruncated }
            return (isShort ? FindingKind.headerTruncated.message + "; " : "") + fault.description
        }
        if let stop { return stop.message }
        return errors.first?.description
    }
}
