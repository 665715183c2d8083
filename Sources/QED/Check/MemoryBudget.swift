import Synchronization

/// A number of bytes that all checks of a process share.
public final class MemoryBudget: Sendable {
    /// Bytes.
    public let limit: Int
    private let used = Atomic<Int>(0)

    /// - Parameter limit: bytes.
    public init(limit: Int) { self.limit = limit }

    /// Takes bytes from the budget; false, and nothing taken, if they are not there.
    func reserve(_ byteCount: Int) -> Bool {
        let (_, after) = used.add(byteCount, ordering: .relaxed)
        if after <= limit { return true }
        used.subtract(byteCount, ordering: .relaxed)
        return false
    }

    func release(_ byteCount: Int) {
        used.subtract(byteCount, ordering: .relaxed)
    }
}
