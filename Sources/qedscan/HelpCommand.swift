import CommandSyntax
import QED
import SQLite

/// `qedscan help [COMMAND...]`
struct HelpCommand: Command {
    static let spec = CommandSpec(
        "help", summary: "show help for a command",
        operands: [
            OperandSpec(
                "COMMAND", help: "a command, such as scan or store prune", optional: true, repeating: true)
        ])

    private let path: CommandPath

    init(_ parsed: ParsedCommand) throws(UsageError) {
        path = try CommandPath(root: Program.spec, words: parsed.operands)
    }

    func run() -> ExitStatus {
        HelpCommand.show(path)
        return .success
    }

    static func show(_ path: CommandPath) {
        StandardOutput.write(HelpText(path).render(width: min(StandardOutput.columns, 100)))
    }
}

/// `qedscan version`
struct VersionCommand: Command {
    static let spec = CommandSpec("version", summary: "show the versions of the program, the checker and SQLite")

    init(_ parsed: ParsedCommand) {}

    func run() -> ExitStatus {
        StandardOutput.writeLine("\(Release.name) \(Release.version)")
        StandardOutput.writeLine("checker \(Checker.version), SQLite \(Database.libraryVersion)")
        return .success
    }
}

/// `qedscan completions SHELL`
struct CompletionsCommand: Command {
    private enum Shell: String, CaseIterable {
        case bash, zsh, fish
    }

    static let spec = CommandSpec(
        "completions", summary: "print the completion script for a shell",
        operands: [OperandSpec("SHELL", kind: .oneOf(cases: Shell.self), help: "the shell")],
        examples: [
            .init("source <(qedscan completions bash)", "Enables completion of commands and options in this shell.")
        ])

    private let shell: Shell

    init(_ parsed: ParsedCommand) throws(UsageError) {
        guard let shell = parsed.operand("SHELL").flatMap({ Shell(rawValue: $0.text) }) else {
            throw parsed.usageError("no such shell")
        }
        self.shell = shell
    }

    func run() -> ExitStatus {
        switch shell {
        case .bash: StandardOutput.write(CompletionScript.bash(Program.spec))
        case .zsh: StandardOutput.write(CompletionScript.zsh(Program.spec))
        case .fish: StandardOutput.write(CompletionScript.fish(Program.spec))
        }
        return .success
    }
}

/// `qedscan man`
struct ManCommand: Command {
    static let spec = CommandSpec("man", summary: "print the manual page in mdoc format")

    init(_ parsed: ParsedCommand) {}

    func run() -> ExitStatus {
        StandardOutput.write(ManPage(Program.spec, date: Release.date, sections: ManCommand.sections).render())
        return .success
    }

    /// The sections of the manual page that are not about one command.
    private static let sections = ManSections(
        environment: [
            .init("QEDSCAN_DB", "The store to use if --db is not given."),
            .init("XDG_STATE_HOME", "For users other than root: their store is qedscan/qedscan.db in this directory."),
            .init("NO_COLOR", "If set to anything but an empty string, the output has no colours."),
        ],
        files: [
            .init("/var/lib/qedscan/qedscan.db", "The store of root."),
            .init("~/.local/state/qedscan/qedscan.db", "The store of other users, unless XDG_STATE_HOME is set."),
            .init("/etc/qedscan/POOL.conf", "Paths and options for the systemd unit qedscan-scan@POOL.service."),
        ],
        exitStatus: [
            .init("0", "No problems."),
            .init("1", "Something was repaired or undone."),
            .init("2", "There are leaks."),
            .init("4", "There is corruption."),
            .init("8", "An operation failed, or an image is in use, changing, unreadable, invalid or unsupported."),
            .init("16", "Usage or syntax error."),
            .init("32", "The command was interrupted by a signal or by --max-time."),
            .init(
                "check",
                "Has the exit statuses of qemu-img check instead: 0 no errors, 1 check not completed or usage error, "
                    + "2 corruptions, 3 leaks but no corruptions, 63 format not supported. For all other commands, the "
                    + "exit status is the sum of the numbers above that apply."),
            .init(
                "status",
                "With --nagios, uses the exit statuses of monitoring plugins: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN."),
        ],
        seeAlso: [.init("qemu-img", 1), .init("sqlite3", 1)])
}
