/// An error in a command line: what is wrong, and which command it concerns.
package struct UsageError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong, safe to print, without the program's name.
    package let message: String
    /// The command as typed, as `qedscan scan`.
    package let command: String

    /// An error about the command at `path`. The message must be printable.
    package init(_ path: CommandPath, _ message: String) {
        self.message = message
        command = path.title
    }

    /// `qedscan scan: unknown option '--jobz'; did you mean '--jobs'?`
    package var description: String { "\(command): \(message)" }

    /// `Try 'qedscan scan --help'.`
    package var hint: String { "Try '\(command) --help'." }
}
