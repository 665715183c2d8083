import CommandSyntax

struct StatusCommand: Command {
    static let spec = CommandSpec(
        "status", summary: "how the last scan went",
        options: NagiosCheck.options,
        operands: [NagiosCheck.operand])

    private let nagios: NagiosCheck

    init(_ parsed: ParsedCommand) throws(UsageError) { nagios = try NagiosCheck(parsed) }

    func run() throws(UsageError) -> ExitStatus { try nagios.run() }
}
