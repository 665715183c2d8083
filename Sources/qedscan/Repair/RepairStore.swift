import CommandSyntax
import Files
import Glibc
import PoolScan
import Repair
import Store

/// The store for repairs and undos.
enum RepairStore {
    /// Calls a function with the store to read, for a dry run: takes no lock, and changes neither store nor images. Warns
    /// of interrupted repairs. Errors are printed.
    static func read(
        _ parsed: ParsedCommand, _ body: (ScanStore) throws(RepairFailure) -> ExitStatus
    ) throws(UsageError) -> ExitStatus {
        let path = try StoreLocation.path(parsed)
        guard let store = try StoreLocation.openToRead(parsed) else { return .failed }
        return ExitStatus.reporting { () throws(RepairFailure) in
            let interrupted = try reading { () throws(StoreError) in
                try store.refuseMerged(path: path)
                return try InterruptedRepairs.warn(store)
            }
            return interrupted.union(try body(store))
        }
    }

    /// Calls a function with the store and its journal, locked and durable. Errors are printed.
    static func use(
        _ parsed: ParsedCommand, _ cancellation: Cancellation,
        _ body: (ScanStore, StoreJournal) throws(RepairFailure) -> ExitStatus
    ) throws(UsageError) -> ExitStatus {
        let path = try StoreLocation.path(parsed)
        let wait = try LockWait(parsed)
        guard access(path, F_OK) == 0 else {
            // Opening says why, and what to do.
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

    /// Runs a function that reads the store.
    static func reading<Result>(_ body: () throws(StoreError) -> Result) throws(RepairFailure) -> Result {
        do throws(StoreError) {
            return try body()
        } catch {
            throw .journal(error.description)
        }
    }

    private static func run(
        _ store: ScanStore, _ body: (ScanStore, StoreJournal) throws(RepairFailure) -> ExitStatus
    ) -> ExitStatus {
        ExitStatus.reporting { () throws(RepairFailure) in
            try body(store, try StoreJournal(store: store, host: Host.name, version: Release.version))
        }
    }
}
