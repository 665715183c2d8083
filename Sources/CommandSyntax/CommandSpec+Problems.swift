extension CommandSpec {
    /// What is wrong with this tree as a program's root, as sentences; empty for a sound one.
    ///
    /// ``CommandParser`` refuses an unsound tree, so a program's tests should expect none.
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
        return names.filter { !isName($0) }.map { "'\($0)' is no name" }
            + shorts.filter { !$0.isASCII || !($0.isLetter || $0.isNumber) }.map { "'-\($0)' is no short option" }
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
