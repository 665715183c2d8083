import CommandSyntax

/// The program: its tree of commands, and the way from the arguments to the exit status.
enum Program {
    static let commands: [any Command.Type] = [
        ScanCommand.self, CheckCommand.self, RepairCommand.self, UndoCommand.self, ShowCommand.self, ReportCommand.self,
        QueryCommand.self, StatusCommand.self, StoreCommand.self,
        HelpCommand.self, VersionCommand.self, ManCommand.self, CompletionsCommand.self,
    ]

    static let spec = CommandSpec(
        Release.name, summary: "check pools of QED images offline",
        discussion: [
            "QED (QEMU Enhanced Disk) is an image format of QEMU. An unclean shutdown leaves an image marked as dirty. "
                + "The image may then contain invalid offsets (corruptions) or unreferenced clusters (leaks). qedscan "
                + "checks all QED images below the given directories (the pool), read-only and in parallel. It stores "
                + "the results in an SQLite database (the store), which you can query with SQL."
        ],
        options: [
            OptionSpec(
                "db", value: "FILE", kind: .file,
                help: "SQLite database with the results (the store)", default: StoreLocation.defaultText,
                inherited: true),
            OptionSpec(
                "quiet", short: "q",
                help: "print only problems; images in use do not count, except in the exit status", inherited: true),
            OptionSpec("verbose", short: "v", help: "print more details", inherited: true),
            OptionSpec(
                "color", value: "WHEN", kind: .oneOf(cases: ColorChoice.self), help: "use colours in the output",
                default: ColorChoice.auto.rawValue, inherited: true),
            OptionSpec(
                "log-format", value: "FORMAT", kind: .oneOf(cases: Diagnostic.Format.self),
                help: "format of the messages on stderr: plain text, or one JSON object per line",
                default: Diagnostic.Format.text.rawValue, inherited: true),
            .help,
        ],
        subcommands: commands.map { $0.spec },
        examples: [
            .init("qedscan scan /var/lib/images", "Checks a pool and stores the results."),
            .init("qedscan report damaged", "Lists the damaged images."),
        ])

    /// Runs the command that the process's arguments name, writes its output, and returns the number for exit(3).
    static func run() -> Int32 {
        var arguments = RawArgument.processArguments()
        // By GNU's convention this is an option, too.
        if arguments == [RawArgument("--version")] { arguments = [RawArgument(VersionCommand.spec.name)] }
        do throws(UsageError) {
            let parsed = try CommandParser(spec).parse(arguments)
            Diagnostic.use(try parsed.choice(of: "log-format", as: Diagnostic.Format.self) ?? .text)
            return try run(command(parsed), parsed)
        } catch {
            return refuse(error, as: statusType(of: error, arguments))
        }
    }

    private static func run<C: Command>(_ type: C.Type, _ parsed: ParsedCommand) throws(UsageError) -> Int32 {
        guard !parsed.helpRequested else {
            HelpCommand.show(parsed.path)
            return finish(C.Status.success)
        }
        let command = try type.init(parsed)
        ProcessLimits.raiseFileLimit()
        guard ProcessLimits.allow(threads: command.threadCount) else { return finish(C.Status.failed) }
        return finish(try command.run())
    }

    /// The type that runs a command line.
    private static func command(_ parsed: ParsedCommand) -> any Command.Type {
        let type = commands.first { $0.spec.name == parsed.names.first } ?? HelpCommand.self
        return type == StatusCommand.self && parsed.has(NagiosCheck.option) ? NagiosCheck.self : type
    }

    /// The kind of status that the caller of a wrong command line expects.
    private static func statusType(of error: UsageError, _ arguments: [RawArgument]) -> any ProcessStatus.Type {
        if arguments.contains(RawArgument("--\(NagiosCheck.option)")) { return NagiosStatus.self }
        return error.command == "\(Release.name) \(CheckCommand.spec.name)" ? CheckStatus.self : ExitStatus.self
    }

    private static func refuse<Status: ProcessStatus>(_ error: UsageError, as type: Status.Type) -> Int32 {
        finish(type.refuse(error))
    }

    /// Writes the output that is still in memory.
    private static func finish(_ status: some ProcessStatus) -> Int32 {
        StandardOutput.finish() ? status.code : status.withFailedOutput.code
    }
}
