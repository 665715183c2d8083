import Files

/// A read that failed during the check. It is not a finding: nothing is known about those bytes.
public struct CheckError: Hashable, Sendable {
    /// The L1 entry whose table could not be read; nil for the header and the L1 table.
    public let l1Index: Int?
    /// Where the read began, in bytes from the start of the file.
    public let offset: ByteOffset
    public let error: SystemError

    public init(l1Index: Int?, offset: ByteOffset, error: SystemError) {
        self.l1Index = l1Index
        self.offset = offset
        self.error = error
    }
}

extension CheckError: CustomStringConvertible {
    public var description: String {
        let what = l1Index.map { "the L2 table of L1 entry \($0)" } ?? "the header or the L1 table"
        return "cannot read \(what) at offset \(offset.rawValue): \(error.reason)"
    }
}

/// Check errors: all of them counted, the first ones listed.
package struct CheckErrorLog {
    private static let limit = 100
    package private(set) var count: UInt64 = 0
    package private(set) var errors: [CheckError] = []

    mutating func add(_ error: CheckError) {
        count += 1
        if errors.count < CheckErrorLog.limit { errors.append(error) }
    }
}
