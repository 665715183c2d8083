/// The declaration of a program or of one of its commands. Parser, help, manual page and completions are derived from it.
package struct CommandSpec: Sendable {
    /// An example of a command line.
    package struct Example: Sendable {
        /// The line to type.
        package let command: String
        /// What it does, as a sentence.
        package let effect: String

        /// Declares an example.
        package init(_ command: String, _ effect: String) {
            self.command = command
            self.effect = effect
        }
    }

    /// The word that selects the command; for the root, the program's name.
    package let name: String
    /// One line, starting in lower case and without a full stop.
    package let summary: String
    /// Paragraphs with more details.
    package let discussion: [String]
    /// The options, in the order of the help.
    package let options: [OptionSpec]
    /// The operands in order; none if there are subcommands.
    package let operands: [OperandSpec]
    /// The commands below it, in the order of the help.
    package let subcommands: [CommandSpec]
    /// Examples of use.
    package let examples: [Example]

    /// Declares a command.
    package init(
        _ name: String, summary: String, discussion: [String] = [], options: [OptionSpec] = [],
        operands: [OperandSpec] = [], subcommands: [CommandSpec] = [], examples: [Example] = []
    ) {
        self.name = name
        self.summary = summary
        self.discussion = discussion
        self.options = options
        self.operands = operands
        self.subcommands = subcommands
        self.examples = examples
    }
}

extension CommandSpec {
    /// What is wrong with this tree as a program's root, as sentences; empty if nothing is.
    ///
    /// ``CommandParser`` refuses a tree with problems, so a program's tests should expect none.
    package var problems: [String] {
        let hasHelp = options.contains { $0.name == OptionSpec.help.name && $0.isFlag && $0.isInherited }
        let missingHelp = hasHelp ? [] : ["\(name): the root must declare the inherited flag --help"]
        return missingHelp
            + CommandPath(root: self).depthFirst.flatMap { path in
                (namingProblems(path) + shapeProblems(path)).map { "\(path.title): \($0)" }
            }
    }

    private func namingProblems(_ path: CommandPath) -> [String] {
        let command = path.command
        let names = [command.name] + command.options.map(\.name)
        let shorts = command.options.compactMap(\.short)
        let lines = [command.summary] + command.options.map(\.help) + command.operands.map(\.help)
        let spellings = (path.ancestors + [command]).flatMap(\.options).flatMap(\.spellings)
        return names.filter { !isName($0) }.map { "'\($0)' is not a name" }
            + shorts.filter { !$0.isASCII || !($0.isLetter || $0.isNumber) }.map { "'-\($0)' is not a short option" }
            + lines.filter { $0.contains(where: \.isNewline) }.map { "'\($0)' must be one line" }
            + repeated(spellings).map { "'\($0)' is declared twice" }
            + repeated(command.subcommands.map(\.name)).map { "command '\($0)' is declared twice" }
            + repeated(command.operands.map(\.name)).map { "operand '\($0)' is declared twice" }
    }

    private func shapeProblems(_ path: CommandPath) -> [String] {
        let command = path.command
        var problems: [String] = []
        if !command.operands.isEmpty && !command.subcommands.isEmpty {
            problems.append("operands and subcommands exclude each other")
        }
        for (operand, next) in zip(command.operands, command.operands.dropFirst()) {
            if operand.isRepeating { problems.append("only the last operand may repeat") }
            if operand.isOptional && !next.isOptional { problems.append("\(next.name) follows an optional operand") }
        }
        for option in command.options where option.isFlag && option.kind != .text {
            problems.append("the flag --\(option.name) has no value to describe")
        }
        return problems
    }

    private func isName(_ name: String) -> Bool {
        name.first != "-" && !name.isEmpty
            && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
    }

    private func repeated(_ names: [String]) -> [String] {
        Dictionary(grouping: names, by: \.self).filter { $0.value.count > 1 }.keys.sorted()
    }
}
