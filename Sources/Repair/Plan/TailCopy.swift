/// Bytes that are copied to the end of the file.
struct TailCopy: Hashable, Sendable {
    let action: RepairAction
    /// Where they stand, bytes from the start of the file.
    let source: UInt64
    /// Where they go, past the old end of the file.
    let target: UInt64
    /// Bytes.
    var length: UInt64

    /// Whether another copy goes on where this one ends, at both places.
    func isContinued(by next: TailCopy) -> Bool {
        next.action == action && next.source == source + length && next.target == target + length
    }
}
