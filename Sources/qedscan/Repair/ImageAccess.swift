import CommandSyntax
import Files
import Glibc
import PoolScan
import Repair
import Store

/// Gives repairs and undos exclusive use of images that have been unchanged for long enough.
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

    /// Starts to watch an image. `take` throws what fails here.
    func watch(_ path: RawPath) {
        do throws(RepairFailure) {
            try window.look(at: path)
        } catch {
            refusals[path] = error
        }
    }

    /// Waits until all watched images have been unchanged for long enough, or a signal comes.
    func waitForQuiet() {
        let remaining = window.remaining()
        guard remaining > .zero else { return }
        let seconds = remaining.components.seconds + 1
        if Diagnostic.isTerminal { Diagnostic.write("waiting \(seconds) s to see that the images do not change\n") }
        while window.remaining() > .zero, !cancellation.isCancelled { usleep(50_000) }
    }

    /// Takes a watched image.
    func take(_ path: RawPath) throws(RepairFailure) -> WritableImage {
        if let refusal = refusals[path] { throw refusal }
        let identity = try window.confirm(path)
        try leases.takeLease(forImage: path)
        return try ExclusiveUse.take(path, expecting: .unchanged(identity), options: options)
    }

    /// Forgets the state of an image that this process has changed.
    func forget(_ path: RawPath) { window.forget(path) }
}

/// The options shared by `repair` and `undo`.
extension AccessOptions {
    static let specs: [OptionSpec] = [
        OptionSpec(
            "settle", value: "TIME", help: "refuse images that changed within this time, such as 10s or 2m",
            default: "10s; 65s on network file systems"),
        OptionSpec(
            "hard-links",
            help: "also accept images with several hard links; make sure that none of them is in use"),
        OptionSpec(
            "trust-locks",
            help: "also accept images on file systems that show only by locks who has them open; use it only if all "
                + "programs that use the images lock them"),
        OptionSpec(
            "only-host",
            help: "also accept network file systems whose locks do not reach other hosts; use it only if no other host "
                + "uses them"),
        LockWait.spec,
    ]

    init(_ parsed: ParsedCommand) throws(UsageError) {
        self.init()
        quietPeriod = try parsed.duration(of: "settle")
        allowsHardLinks = parsed.has("hard-links")
        trustsLocks = parsed.has("trust-locks")
        isOnlyHost = parsed.has("only-host")
    }
}
