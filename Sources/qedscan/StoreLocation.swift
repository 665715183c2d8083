import CommandSyntax
import Files
import Glibc
import Store

/// Where the store is: `--db`, else `$QEDSCAN_DB`, else the system's place for root and the user's own for others.
enum StoreLocation {
    static let defaultText =
        "$QEDSCAN_DB, else /var/lib/qedscan/qedscan.db for root, "
        + "else ~/.local/state/qedscan/qedscan.db"

    /// The path for a command.
    ///
    /// - Parameter makesFolder: whether the folder of a default place is made if it is missing.
    static func path(_ parsed: ParsedCommand, makesFolder: Bool = false) throws(UsageError) -> String {
        if let named = parsed.value(of: "db") {
            guard let path = String(validating: named.bytes, as: UTF8.self), !path.isEmpty else {
                throw parsed.refusal(of: named, option: "db", because: "is not a path in UTF-8")
            }
            return path
        }
        if let path = environment("QEDSCAN_DB") { return path }
        let folder = defaultFolder()
        if makesFolder { makeFolder(folder) }
        return folder + "/qedscan.db"
    }

    /// Opens the store to read; nil, with the reason on stderr, if it cannot be.
    static func openToRead(_ parsed: ParsedCommand) throws(UsageError) -> ScanStore? {
        let path = try path(parsed)
        do throws(StoreError) {
            return try ScanStore(reading: path)
        } catch {
            Diagnostic.error(error.description)
            if access(path, F_OK) != 0 { Diagnostic.hint("'qedscan scan PATH' makes a store") }
            return nil
        }
    }

    private static func defaultFolder() -> String {
        if geteuid() == 0 { return "/var/lib/qedscan" }
        let state = environment("XDG_STATE_HOME") ?? (environment("HOME") ?? "") + "/.local/state"
        return state + "/qedscan"
    }

    /// Like mkdir -p, private to the user. If it fails, opening the store says why.
    private static func makeFolder(_ path: String) {
        let path = RawPath(path)
        for directory in path.ancestors.map(\.path) + [path] { directory.withCString { _ = mkdir($0, 0o700) } }
    }

    private static func environment(_ name: String) -> String? {
        guard let value = getenv(name) else { return nil }
        let text = String(cString: value)
        return text.isEmpty ? nil : text
    }
}
