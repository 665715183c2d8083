import Dispatch
import Files
import Glibc
import PoolScan
import Synchronization

/// Turns SIGINT and SIGTERM into a cancellation. A second signal ends the process immediately.
final class SignalWatch: Sendable {
    private let caught = Atomic<Bool>(false)
    /// Only kept alive here; Dispatch calls them.
    nonisolated(unsafe) private let sources: [any DispatchSourceSignal]

    init(_ cancellation: Cancellation) {
        let queue = DispatchQueue(label: "qedscan.signals")
        sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            return DispatchSource.makeSignalSource(signal: number, queue: queue)
        }
        // Dispatch registers a source on another thread; until then a signal would be lost.
        let registered = DispatchSemaphore(value: 0)
        for (source, number) in zip(sources, [SIGINT, SIGTERM]) {
            source.setRegistrationHandler { registered.signal() }
            source.setEventHandler { [weak self] in
                self?.caught.store(true, ordering: .relaxed)
                cancellation.cancel()
                // This comes last: tests wait for it to know that the work is cancelled.
                signal(number, SIG_DFL)
            }
            source.resume()
        }
        for _ in sources { _ = registered.wait(timeout: .now() + 1) }
    }

    deinit {
        for source in sources { source.cancel() }
    }

    /// Whether a signal has asked the command to end.
    var wasCaught: Bool { caught.load(ordering: .relaxed) }
}
