import Dispatch
import Files
import PoolScan
import Synchronization

/// Turns the end of a span of time into a cancellation.
final class TimeLimit: Sendable {
    private let reached = Atomic<Bool>(false)
    /// Only kept alive here; Dispatch calls it.
    nonisolated(unsafe) private let timer: any DispatchSourceTimer

    /// - Parameter limit: from now on; nil for none.
    init(_ limit: Duration?, _ cancellation: Cancellation) {
        timer = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "qedscan.time-limit"))
        if let limit { timer.schedule(deadline: .now() + .seconds(Int(clamping: limit.components.seconds))) }
        timer.setEventHandler { [weak self] in
            self?.reached.store(true, ordering: .relaxed)
            cancellation.cancel()
        }
        timer.resume()
    }

    deinit { timer.cancel() }

    /// What is reached later does not count.
    func stop() { timer.cancel() }

    var wasReached: Bool { reached.load(ordering: .relaxed) }
}
