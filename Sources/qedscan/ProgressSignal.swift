import Dispatch
import Glibc

/// SIGUSR1 asks how far the program is; until there is an answer it is ignored.
final class ProgressSignal: Sendable {
    /// Only kept alive here; Dispatch calls it.
    nonisolated(unsafe) private let source: any DispatchSourceSignal

    /// - Parameter answer: called for each signal, on a queue of its own.
    init(_ answer: @escaping @Sendable () -> Void) {
        ProgressSignal.ignore()
        source = DispatchSource.makeSignalSource(
            signal: SIGUSR1, queue: DispatchQueue(label: "qedscan.progress-signal"))
        source.setEventHandler(handler: DispatchWorkItem(block: answer))
        source.resume()
    }

    deinit { source.cancel() }

    /// Left alone, the signal would end the program.
    static func ignore() { signal(SIGUSR1, SIG_IGN) }
}
