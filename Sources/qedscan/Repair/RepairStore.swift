import CommandSyntax
import Files
import Glibc
import PoolScan
import Repair
import Store

/// The store for commands that write to images: locked, and durable.
enum RepairStore {
    /// Calls a function with the store and its journal; errors are printed.
    static func use(
        _ parsed: ParsedCommand, _ cancellation: Cancellation,
        _ body: (ScanStore, StoreJournal) throws(RepairFailure) -> ExitStatus
    ) throws(UsageError) -> ExitStatus {
        let path = try StoreLocation.path(parsed)
        let wait = try LockWait(parsed)
        guard access(path, F_OK) == 0 else {
            // Says why, and what to do.
            _ = try StoreLocation.openToRead(parsed)
            return .failed
        }
        do throws(StoreError) {
            let path = try StoreTrust().confirm(path)
            try ScanStore.refuseOtherFiles(at: path)
            let lock = try wait.take(storePath: path, cancellation)
            defer { withExtendedLifetime(lock) {} }
            return try ScanStore.use(path: path) { store throws(StoreError) in
                try store.refuseMerged(path: path)
                try store.endDeadScans()
                return run(store, body)
            }
        } catch {
            Diagnostic.error(error.description)
            return cancellation.isCancelled ? .interrupted : .failed
        }
    }

    static func wrap<Result>(_ body: () throws(StoreError) -> Result) throws(RepairFailure) -> Result {
        do throws(StoreError) {
            return try body()
        } catch {
            throw .journal(error.description)
        }
    }

    private static func run(
        _ store: ScanStore, _ body: (ScanStore, StoreJournal) throws(RepairFailure) -> ExitStatus
    ) -> ExitStatus {
        do throws(RepairFailure) {
            return try body(store, try StoreJournal(store: store, host: Host.name, version: Program.version))
        } catch {
            Diagnostic.error(error.description)
            return .failed
        }
    }
}

/// Repairs that were interrupted, for commands that do not write to images.
enum InterruptedRepairs {
    /// Says which there are.
    static func warn(_ store: ScanStore, isQuiet: Bool = false) throws(StoreError) -> ExitStatus {
        let ids = try store.preparedRepairs(host: Host.name)
        guard !ids.isEmpty else { return [] }
        guard !isQuiet else { return .failed }
        let list = ids.map(String.init).joined(separator: ", ")
        Diagnostic.error("interrupted, and not settled yet: repair \(list)")
        Diagnostic.hint("'qedscan repair' settles them first")
        return .failed
    }
}
