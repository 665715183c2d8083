/// A command together with the commands above it, as in `qedscan store prune`.
package struct CommandPath: Sendable {
    /// The commands above, the root first; empty for the root itself.
    package let ancestors: [CommandSpec]
    /// The command that the path leads to.
    package let command: CommandSpec

    /// The path to the program itself.
    package init(root: CommandSpec) {
        ancestors = []
        command = root
    }

    /// The path that `words` name below `root`, as in `qedscan help store prune`.
    /// - Throws: ``UsageError`` for a word that names no command, with a suggestion.
    package init(root: CommandSpec, words: [RawArgument]) throws(UsageError) {
        self.init(root: root)
        for word in words { self = try descending(to: word) }
    }

    private init(_ child: CommandSpec, below parent: CommandPath) {
        ancestors = parent.ancestors + [parent.command]
        command = child
    }

    /// The names below the root, `["store", "prune"]`; empty for the root.
    package var names: [String] { Array(commands.map(\.name).dropFirst()) }

    /// All names, as a user types them: `qedscan store prune`.
    package var title: String { commands.map(\.name).joined(separator: " ") }

    /// This path and all below it, each command before its subcommands.
    package var depthFirst: [CommandPath] { [self] + children.flatMap(\.depthFirst) }

    /// The paths one step below.
    package var children: [CommandPath] { command.subcommands.map { CommandPath($0, below: self) } }

    // MARK: - Options in scope

    /// The options that only this command accepts.
    var ownOptions: [OptionSpec] { command.options.filter { !$0.isInherited } }

    /// The inherited options of the command and of all above it.
    var commonOptions: [OptionSpec] { commands.flatMap(\.options).filter(\.isInherited) }

    /// All options that may follow the command's name.
    var acceptedOptions: [OptionSpec] { ownOptions + commonOptions }

    /// All options that may be given on the way to this command, on any level.
    var declaredOptions: [OptionSpec] { commands.flatMap(\.options) }

    /// The subcommand that `word` names.
    /// - Throws: ``UsageError`` if there is none, with a suggestion.
    func descending(to word: RawArgument) throws(UsageError) -> CommandPath {
        if let child = command.subcommands.first(where: { $0.name.utf8.elementsEqual(word.bytes) }) {
            return CommandPath(child, below: self)
        }
        let suggestion = Suggestion(for: word, among: command.subcommands.map(\.name))
        throw UsageError(self, "unknown command '\(word.printable)'\(suggestion.question)")
    }

    private var commands: [CommandSpec] { ancestors + [command] }
}
