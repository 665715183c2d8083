/// Reads command lines by GNU's conventions against a tree of declarations.
///
/// Accepted are `--x=v`, `--x v`, `-xv`, `-x v`, bundles such as `-abx v`, options after operands, and `--` to end
/// the options. A separate value is taken whatever it looks like. A lone `-` is an operand, and so is a negative
/// number unless the command has a digit for an option. Other than in GNU's, long names can't be abbreviated, since
/// a script that does would break with the next option added; and an option not declared repeatable may be given only
/// once.
package struct CommandParser: Sendable {
    private let root: CommandPath

    /// A parser for the program that `root` declares, which must be free of ``CommandSpec/problems``.
    package init(_ root: CommandSpec) {
        let problems = root.problems
        precondition(problems.isEmpty, problems.joined(separator: "\n"))
        self.root = CommandPath(root: root)
    }

    /// Reads `arguments`, which don't include the program's name.
    ///
    /// Once `--help` was met, nothing after it is an error, and no operand is missing.
    /// - Throws: ``UsageError`` for the first thing that can't be understood.
    package func parse(_ arguments: [RawArgument]) throws(UsageError) -> ParsedCommand {
        var reading = ArgumentReading(root, arguments)
        do throws(UsageError) {
            try reading.readAll()
            try reading.requireCompleteness()
        } catch {
            guard reading.helpRequested else { throw error }
        }
        return ParsedCommand(path: reading.path, operands: reading.operands, occurrences: reading.occurrences)
    }

    /// The same for arguments at hand as text.
    package func parse(_ arguments: [String]) throws(UsageError) -> ParsedCommand {
        try parse(arguments.map { RawArgument($0) })
    }
}
