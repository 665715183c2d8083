import CommandSyntax
import Files
import Glibc
import PoolScan
import Store

/// The path of the store: `--db`, else `$QEDSCAN_DB`, else the system's directory for root and the user's own for others.
enum StoreLocation {
    static let defaultText =
        "$QEDSCAN_DB, else /var/lib/qedscan/qedscan.db for root, "
        + "else ${XDG_STATE_HOME:-~/.local/state}/qedscan/qedscan.db"

    /// - Parameter makesDirectory: whether to create the directory of a default path if it is missing.
    static func path(_ parsed: ParsedCommand, makesDirectory: Bool = false) throws(UsageError) -> String {
        if let path = try parsed.utf8Path(of: "db") { return path }
        if let path = environment("QEDSCAN_DB") { return path }
        let directory = defaultDirectory()
        if makesDirectory { make(directory) }
        return directory + "/qedscan.db"
    }

    /// The path of an existing store; nil, with the reason on stderr, if there is none.
    static func existingPath(_ parsed: ParsedCommand) throws(UsageError) -> String? {
        let path = try path(parsed)
        guard access(path, F_OK) != 0 else { return path }
        // Opening says why not, unless the store was made in the meantime.
        return try openToRead(parsed) == nil ? nil : path
    }

    /// Opens the store to read; nil, with the reason on stderr, if that fails.
    static func openToRead(_ parsed: ParsedCommand) throws(UsageError) -> ScanStore? {
        let path = try path(parsed)
        do throws(StoreError) {
            return try ScanStore(reading: path)
        } catch {
            Diagnostic.error(error.description)
            if access(path, F_OK) != 0 {
                Diagnostic.hint("'qedscan scan PATH' creates the store; the directory given with --db must exist")
            }
            return nil
        }
    }

    private static func defaultDirectory() -> String {
        if geteuid() == 0 { return "/var/lib/qedscan" }
        let state = environment("XDG_STATE_HOME") ?? (environment("HOME") ?? "") + "/.local/state"
        return state + "/qedscan"
    }

    /// Like mkdir -p, for the user alone. If it fails, opening the store says why.
    private static func make(_ directory: String) {
        let path = RawPath(directory)
        for directory in path.ancestors.map(\.path) + [path] { directory.withCString { _ = mkdir($0, 0o700) } }
    }

    private static func environment(_ name: String) -> String? {
        guard let value = getenv(name) else { return nil }
        let text = String(cString: value)
        return text.isEmpty ? nil : text
    }
}

extension ParsedCommand {
    /// The value of an option as a path that SQLite can use; nil if the option was not given.
    func utf8Path(of option: String) throws(UsageError) -> String? {
        guard let value = value(of: option) else { return nil }
        guard let path = String(validating: value.bytes, as: UTF8.self), !path.isEmpty else {
            throw refusal(of: value, option: option, because: "is not a path in UTF-8")
        }
        return path
    }

    /// The values of an operand as paths that SQLite can use.
    func utf8Paths(ofOperand name: String) throws(UsageError) -> [String] {
        var paths: [String] = []
        for value in operands(named: name) {
            guard let path = String(validating: value.bytes, as: UTF8.self), !path.isEmpty else {
                throw usageError("operand \(name): '\(value.printable)' is not a path in UTF-8")
            }
            paths.append(path)
        }
        return paths
    }
}

/// The files of a store: the database, SQLite's companions and the lock. A scan must not open them: closing any
/// descriptor of a file drops the locks that SQLite holds on it.
enum StoreFiles {
    static func keys(of path: String) -> Set<FileKey> {
        var keys: Set<FileKey> = []
        for suffix in ["", "-wal", "-shm", "-journal", ".lock"] {
            if let key = FileKey(named: RawPath(path + suffix)) { keys.insert(key) }
        }
        return keys
    }
}

/// The run lock of a store, and `--wait`.
struct LockWait {
    static let spec = OptionSpec(
        "wait", value: "TIME", help: "how long to wait if another command uses the store, such as 90s or 10m",
        default: "do not wait")

    private let patience: Duration
    private let isQuiet: Bool

    init(_ parsed: ParsedCommand) throws(UsageError) {
        patience = try parsed.duration(of: "wait") ?? .zero
        isQuiet = parsed.has("quiet")
    }

    /// Takes the lock.
    ///
    /// - Throws: `StoreError.inUse` if another command still holds it after that time, or the wait was cancelled.
    func take(storePath: String, _ cancellation: Cancellation) throws(StoreError) -> RunLock {
        try RunLock.take(
            storePath: storePath, host: Host.name, patience: patience, isCancelled: { cancellation.isCancelled },
            onWait: { holder in if !isQuiet { Diagnostic.error("\(holder): waiting") } })
    }
}

/// Interrupted repairs, for commands that do not write to images.
enum InterruptedRepairs {
    /// Warns of those that are not recovered yet, and returns `failed` if there are any.
    static func warn(_ store: ScanStore, isQuiet: Bool = false) throws(StoreError) -> ExitStatus {
        let ids = try store.preparedRepairs(host: Host.name)
        guard !ids.isEmpty else { return [] }
        guard !isQuiet else { return .failed }
        let list = ids.map(String.init).joined(separator: ", ")
        Diagnostic.error("interrupted and not recovered yet: repair \(list)")
        Diagnostic.hint("'qedscan repair' recovers interrupted repairs first")
        return .failed
    }
}
