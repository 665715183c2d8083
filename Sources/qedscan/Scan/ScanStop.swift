import Dispatch
import Files
import PoolScan
import Synchronization

/// Why a scan stopped early.
enum ScanStop {
    case signal
    /// `--max-time`.
    case timeLimit

    /// nil for a scan that ran to its end.
    init?(_ signals: SignalWatch, _ limit: TimeLimit) {
        if signals.wasCaught {
            self = .signal
        } else if limit.wasReached {
            self = .timeLimit
        } else {
            return nil
        }
    }
}

/// Cancels a scan after a time.
final class TimeLimit: Sendable {
    private let reached = Atomic<Bool>(false)
    /// Only kept alive here; Dispatch calls it.
    nonisolated(unsafe) private let timer: any DispatchSourceTimer

    /// - Parameter limit: from now; nil for no limit.
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

    /// A limit that is reached later does not count.
    func stop() { timer.cancel() }

    var wasReached: Bool { reached.load(ordering: .relaxed) }
}
