import CommandSyntax
import Glibc
import Store

/// `qedscan store prune|verify|backup|migrate|merge`
struct StoreCommand: Command {
    static let commands: [any Command.Type] = [
        StorePruneCommand.self, StoreVerifyCommand.self, StoreBackupCommand.self, StoreMigrateCommand.self,
        StoreMergeCommand.self,
    ]

    static let spec = CommandSpec(
        "store", summary: "take care of the store",
        discussion: ["The store is an SQLite database. Scans go on while it is verified or copied."],
        subcommands: commands.map { $0.spec })

    private let command: any Command

    init(_ parsed: ParsedCommand) throws(UsageError) {
        let name = parsed.names.last
        guard let type = StoreCommand.commands.first(where: { $0.spec.name == name }) else {
            throw parsed.usageError("a command is missing")
        }
        command = try type.init(parsed)
    }

    func run() throws(UsageError) -> ExitStatus { try command.run() }
}

extension StoreLocation {
    /// The path of a store that is there; nil, with the reason on stderr, if none is.
    static func existingPath(_ parsed: ParsedCommand) throws(UsageError) -> String? {
        let path = try path(parsed)
        guard access(path, F_OK) != 0 else { return path }
        // It may have come meanwhile; else this says why not.
        return try openToRead(parsed) == nil ? nil : path
    }
}

extension ExitStatus {
    /// Runs what a store command does; errors are printed.
    static func ofStoreCommand(_ body: () throws(StoreError) -> ExitStatus) -> ExitStatus {
        do throws(StoreError) {
            return try body()
        } catch {
            Diagnostic.error(error.description)
            return .failed
        }
    }
}
