import CommandSyntax
import Glibc

/// The program: its tree of commands, and the way from the arguments to the exit status.
enum Program {
    static let name = "qedscan"
    static let version = "0.1.0"

    static let commands: [any Command.Type] = [
        ScanCommand.self, CheckCommand.self, RepairCommand.self, UndoCommand.self, ShowCommand.self, ReportCommand.self,
        QueryCommand.self, StatusCommand.self, StoreCommand.self,
        HelpCommand.self, VersionCommand.self, ManCommand.self, CompletionsCommand.self,
    ]

    static let spec = CommandSpec(
        name, summary: "check pools of QED images offline",
        discussion: [
            "QED is QEMU's enhanced disk format. An unclean shutdown leaves an image dirty, and possibly with invalid "
                + "offsets (corruptions) or unreferenced clusters (leaks). qedscan checks every QED image below the "
                + "given directories, read-only and in parallel, and keeps the results in an SQLite database to be "
                + "queried with SQL."
        ],
        options: [
            OptionSpec(
                "db", value: "FILE", kind: .file, help: "the store", default: StoreLocation.defaultText,
                inherited: true),
            OptionSpec(
                "quiet", short: "q", help: "print nothing unless something is wrong; images in use are not",
                inherited: true),
            OptionSpec("verbose", short: "v", help: "print more", inherited: true),
            OptionSpec(
                "color", value: "WHEN", kind: .oneOf(cases: ColorChoice.self), help: "colour the output",
                default: ColorChoice.auto.rawValue, inherited: true),
            OptionSpec(
                "log-format", value: "FORMAT", kind: .oneOf(cases: Diagnostic.Format.self),
                help: "messages on stderr as words, or as a JSON object a line",
                default: Diagnostic.Format.text.rawValue, inherited: true),
            .help,
        ],
        subcommands: commands.map { $0.spec },
        examples: [
            .init("qedscan scan /var/lib/images", "Checks a pool into the store."),
            .init("qedscan report damaged", "Shows what is wrong."),
        ])

    /// Runs the command that the process's arguments name, and sees to it that its output is written.
    static func run() -> ExitStatus {
        var arguments = RawArgument.processArguments()
        // By GNU's custom it is an option, too.
        if arguments == [RawArgument("--version")] { arguments = [RawArgument(VersionCommand.spec.name)] }
        let isPlugin = arguments.contains(RawArgument("--\(NagiosCheck.option)"))
        do throws(UsageError) {
            let parsed = try CommandParser(spec).parse(arguments)
            Diagnostic.use(try parsed.choice(of: "log-format", as: Diagnostic.Format.self) ?? .text)
            let status = try run(parsed, isPlugin: isPlugin)
            guard !StandardOutput.finish() else { return status }
            if isPlugin { return NagiosCheck.failed }
            return isCheck(parsed.path.title) ? ExitStatus(CheckStatus.failed) : status.union(.failed)
        } catch {
            if isPlugin {
                let status = NagiosCheck.refuse(error)
                return StandardOutput.finish() ? status : NagiosCheck.failed
            }
            Diagnostic.error(error.description, prefixed: false)
            Diagnostic.error(error.hint, prefixed: false)
            return isCheck(error.command) ? ExitStatus(CheckStatus.failed) : .usage
        }
    }

    private static func run(_ parsed: ParsedCommand, isPlugin: Bool) throws(UsageError) -> ExitStatus {
        guard !parsed.helpRequested, let name = parsed.names.first,
            let command = commands.first(where: { $0.spec.name == name })
        else { return HelpCommand.show(parsed.path) }
        let prepared = try command.init(parsed)
        ProcessLimits.raiseFileLimit()
        guard ProcessLimits.allow(threads: prepared.threadCount) else {
            if isPlugin { return NagiosCheck.failed }
            return isCheck(parsed.path.title) ? ExitStatus(CheckStatus.failed) : .failed
        }
        return try prepared.run()
    }

    /// The drop-in for qemu-img check keeps to that program's statuses.
    private static func isCheck(_ command: String) -> Bool { command == "\(name) \(CheckCommand.spec.name)" }
}

/// One command of the program.
protocol Command: Sendable {
    static var spec: CommandSpec { get }

    /// Takes what was parsed; throws for values that the command cannot use.
    init(_ parsed: ParsedCommand) throws(UsageError)

    /// The most threads that it starts, besides its own.
    var threadCount: Int { get }

    func run() throws(UsageError) -> ExitStatus
}

extension Command {
    var threadCount: Int { 0 }
}
