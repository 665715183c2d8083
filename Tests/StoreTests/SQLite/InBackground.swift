import Dispatch
import Files
import QED

/// Work on its own thread, for tests in which one connection waits for another.
struct InBackground {
    private final class Outcome: Sendable {
        let error = Locked<(any Error)?>(nil)
    }

    private let group = DispatchGroup()
    private let outcome = Outcome()

    init(_ work: @escaping @Sendable () throws -> Void) {
        DispatchQueue(label: "InBackground").async(group: group) { [outcome] in
            do {
                try work()
            } catch {
                outcome.error.withLock { $0 = error }
            }
        }
    }

    /// Waits until the work is done and throws what it threw.
    func wait() throws {
        group.wait()
        if let error = outcome.error.withLock({ $0 }) { throw error }
    }
}
