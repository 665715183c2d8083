import CommandSyntax

/// `qedscan store prune|verify|backup|migrate|merge`
struct StoreCommand: Command {
    static let commands: [any Command<ExitStatus>.Type] = [
        StorePruneCommand.self, StoreVerifyCommand.self, StoreBackupCommand.self, StoreMigrateCommand.self,
        StoreMergeCommand.self,
    ]

    static let spec = CommandSpec(
        "store", summary: "maintain the store",
        discussion: ["The store is an SQLite database. It can be verified and copied while a scan runs."],
        subcommands: commands.map { $0.spec })

    private let command: any Command<ExitStatus>

    init(_ parsed: ParsedCommand) throws(UsageError) {
        let name = parsed.names.last
        guard let type = StoreCommand.commands.first(where: { $0.spec.name == name }) else {
            throw parsed.usageError("a command is missing")
        }
        command = try type.init(parsed)
    }

    func run() throws(UsageError) -> ExitStatus { try command.run() }
}
