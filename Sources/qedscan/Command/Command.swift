import CommandSyntax

/// A command of the program.
protocol Command<Status>: Sendable {
    associatedtype Status: ProcessStatus

    static var spec: CommandSpec { get }

    /// Takes what was parsed; throws for values that the command cannot use.
    init(_ parsed: ParsedCommand) throws(UsageError)

    /// The most threads that the command starts besides the main one.
    var threadCount: Int { get }

    func run() throws(UsageError) -> Status
}

extension Command {
    var threadCount: Int { 0 }
}

/// The exit status of a kind of commands: what its numbers mean to the program that started the command.
protocol ProcessStatus: Sendable {
    /// The number for exit(3).
    var code: Int32 { get }

    static var success: Self { get }
    /// The command could not do its work.
    static var failed: Self { get }

    /// This status if the command's output could not be written in full.
    var withFailedOutput: Self { get }

    /// Says what is wrong with a command line, in the way that such a command does.
    static func refuse(_ error: UsageError) -> Self
}

extension ProcessStatus {
    var withFailedOutput: Self { .failed }

    /// Prints the error on standard error.
    static func explain(_ error: UsageError) {
        Diagnostic.error(error.description, prefixed: false)
        Diagnostic.error(error.hint, prefixed: false)
    }
}
