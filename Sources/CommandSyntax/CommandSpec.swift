/// The declaration of a program or of one of its commands: pure data, from which parser, help, man page and
/// completions are all derived.
package struct CommandSpec: Sendable {
    /// A command line worth showing, and what it does.
    package struct Example: Sendable {
        /// The line to type.
        package let command: String
        /// What it does, as a sentence.
        package let effect: String

        /// An example of use.
        package init(_ command: String, _ effect: String) {
            self.command = command
            self.effect = effect
        }
    }

    /// The word that selects it; for the root, the program's name.
    package let name: String
    /// One line, in lower case and without a full stop.
    package let summary: String
    /// Paragraphs that say more.
    package let discussion: [String]
    /// Its options, in the order of the help.
    package let options: [OptionSpec]
    /// Its operands in order; none if it has subcommands.
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
