import CommandSyntax
import Files
import PoolScan
import Store

/// The run lock of a store, with `--wait`.
struct LockWait {
    static let spec = OptionSpec(
        "wait", value: "TIME", help: "wait so long for another command that uses the store: 90s, 10m",
        default: "not at all")

    private let patience: Duration
    private let isQuiet: Bool

    init(_ parsed: ParsedCommand) throws(UsageError) {
        patience = try parsed.duration(of: "wait") ?? .zero
        isQuiet = parsed.has("quiet")
    }

    /// - Throws: `StoreError.inUse` if the lock is not to be had in that time, or the wait was cancelled.
    func take(storePath: String, _ cancellation: Cancellation) throws(StoreError) -> RunLock {
        try RunLock.take(
            storePath: storePath, host: Host.name, patience: patience, isCancelled: { cancellation.isCancelled },
            onWait: { holder in if !isQuiet { Diagnostic.error("\(holder): waiting") } })
    }
}
