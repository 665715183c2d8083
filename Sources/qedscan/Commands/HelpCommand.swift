import CommandSyntax
import Glibc
import QED
import SQLite
import Store

/// `qedscan help [COMMAND...]`
struct HelpCommand: Command {
    static let spec = CommandSpec(
        "help", summary: "show help for a command",
        operands: [OperandSpec("COMMAND", help: "the command", optional: true, repeating: true)])

    private let path: CommandPath

    init(_ parsed: ParsedCommand) throws(UsageError) {
        path = try CommandPath(root: Program.spec, words: parsed.operands)
    }

    func run() -> ExitStatus { HelpCommand.show(path) }

    static func show(_ path: CommandPath) -> ExitStatus {
        StandardOutput.write(HelpText(path).render(width: terminalWidth))
        return .success
    }

    private static var terminalWidth: Int {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return min(Int(size.ws_col), 100)
    }
}

/// `qedscan version`
struct VersionCommand: Command {
    static let spec = CommandSpec("version", summary: "show the version of the program, the checker and SQLite")

    init(_ parsed: ParsedCommand) {}

    func run() -> ExitStatus {
        StandardOutput.writeLine("\(Program.name) \(Program.version)")
        StandardOutput.writeLine("checker \(Checker.version), SQLite \(Database.libraryVersion)")
        return .success
    }
}

/// `qedscan man`
struct ManCommand: Command {
    static let spec = CommandSpec("man", summary: "print the manual page, in mdoc")

    init(_ parsed: ParsedCommand) {}

    func run() -> ExitStatus {
        StandardOutput.write(ManPage(Program.spec, date: Program.date, sections: Program.manSections).render())
        return .success
    }
}

/// `qedscan completions SHELL`
struct CompletionsCommand: Command {
    private enum Shell: String, CaseIterable {
        case bash, zsh, fish
    }

    static let spec = CommandSpec(
        "completions", summary: "print the completions for a shell",
        operands: [OperandSpec("SHELL", kind: .oneOf(cases: Shell.self), help: "the shell")],
        examples: [.init("source <(qedscan completions bash)", "Completes commands and options in this shell.")])

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
