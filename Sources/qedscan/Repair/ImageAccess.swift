import Files
import Glibc
import PoolScan
import Repair
import Store

/// How repairs and undos come by images: watched until they have settled, and then for themselves alone.
final class ImageAccess {
    private let options: AccessOptions
    private let cancellation: Cancellation
    private let leases: PoolLeases
    private var window: QuietPeriod
    /// Why images cannot be watched.
    private var refusals: [RawPath: RepairFailure] = [:]

    init(_ options: AccessOptions, _ cancellation: Cancellation) throws(RepairFailure) {
        self.options = options
        self.cancellation = cancellation
        window = QuietPeriod(options: options)
        leases = try RepairFailure.wrap { () throws(SystemError) in
            PoolLeases(holder: try LeaseHolder(host: Host.name, since: Timestamp.now()))
        }
    }

    /// Begins to watch an image. Failures show when it is taken.
    func watch(_ path: RawPath) {
        do throws(RepairFailure) {
            try window.look(at: path)
        } catch {
            refusals[path] = error
        }
    }

    /// Waits once for all images that are watched; a signal ends it.
    func waitForQuiet() {
        let remaining = window.remaining()
        guard remaining > .zero else { return }
        let seconds = remaining.components.seconds + 1
        if Diagnostic.isTerminal { Diagnostic.write("waiting \(seconds) s: nothing may change meanwhile\n") }
        while window.remaining() > .zero, !cancellation.isCancelled { usleep(50_000) }
    }

    /// Takes an image that is watched.
    func take(_ path: RawPath) throws(RepairFailure) -> WritableImage {
        if let refusal = refusals[path] { throw refusal }
        let identity = try window.confirm(path)
        try leases.takeLease(forImage: path)
        return try ExclusiveUse.take(path, expecting: .unchanged(identity), options: options)
    }

    /// Forgets what an image was like: it has been changed by ourselves.
    func forget(_ path: RawPath) { window.forget(path) }
}
