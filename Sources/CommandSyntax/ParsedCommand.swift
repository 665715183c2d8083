/// A command line after parsing.
package struct ParsedCommand: Sendable {
    /// One use of an option.
    struct Occurrence: Hashable, Sendable {
        let name: String
        let value: RawArgument?
    }

    /// The command that was called.
    package let path: CommandPath
    /// All operands, in order and byte for byte.
    package let operands: [RawArgument]
    let occurrences: [Occurrence]

    init(path: CommandPath, operands: [RawArgument], occurrences: [Occurrence]) {
        self.path = path
        self.operands = operands
        self.occurrences = occurrences
    }

    /// The command's names below the program's: `["store", "prune"]`.
    package var names: [String] { path.names }

    /// Whether `--help` was given. Required operands, even the command, may then be missing.
    package var helpRequested: Bool { has(OptionSpec.help.name) }

    // MARK: - Options; asking for one that the command doesn't declare is a programming error

    /// Whether the option was given.
    package func has(_ option: String) -> Bool { count(of: option) > 0 }

    /// How often the option was given.
    package func count(of option: String) -> Int {
        let name = spec(of: option).name
        return occurrences.count { $0.name == name }
    }

    /// The option's value, the last one if it repeats; nil if it wasn't given.
    package func value(of option: String) -> RawArgument? { values(of: option).last }

    /// All values of the option in order; comma-separated lists are split.
    package func values(of option: String) -> [RawArgument] {
        let spec = spec(of: option)
        precondition(!spec.isFlag, "--\(option) is a flag")
        return occurrences.filter { $0.name == spec.name }.compactMap(\.value).flatMap(spec.kind.elements)
    }

    // MARK: - Operands by name

    /// The operand declared with this name, the first one if it repeats; nil if it wasn't given.
    package func operand(_ name: String) -> RawArgument? { operands(named: name).first }

    /// All that was given for the operand declared with this name.
    package func operands(named name: String) -> [RawArgument] {
        guard let index = path.command.operands.firstIndex(where: { $0.name == name }) else {
            preconditionFailure("\(path.title) declares no operand \(name)")
        }
        let given = operands.dropFirst(index)
        return Array(path.command.operands[index].isRepeating ? given : given.prefix(1))
    }

    // MARK: - Errors a command finds itself

    /// An error about this command. The message must be printable.
    package func usageError(_ message: String) -> UsageError { UsageError(path, message) }

    /// An error about a value of an option: `option '--shard': '9/4' is not K/N with K from 1 to N`.
    package func refusal(of value: RawArgument, option: String, because complaint: String) -> UsageError {
        usageError("option '--\(spec(of: option).name)': '\(value.printable)' \(complaint)")
    }

    private func spec(of option: String) -> OptionSpec {
        guard let spec = path.declaredOptions.first(where: { $0.name == option }) else {
            preconditionFailure("\(path.title) declares no option --\(option)")
        }
        return spec
    }
}
