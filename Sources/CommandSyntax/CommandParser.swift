/// Reads command lines by GNU's conventions against a tree of declarations.
///
/// Accepts `--x=v`, `--x v`, `-xv`, `-x v`, bundles such as `-abx v`, options after operands, and `--` to end the options.
/// A separate value may look like anything. A lone `-` is an operand, and so is a negative number, unless the command has a
/// digit as an option. Two things differ from GNU's conventions: long names can't be abbreviated, since a script that does
/// so would break when an option is added; and an option that is not declared repeatable can be given only once.
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
    /// After `--help`, nothing is an error, and no operand is missing.
    /// - Throws: ``UsageError`` for the first thing that is wrong.
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

    /// The same for arguments that are text.
    package func parse(_ arguments: [String]) throws(UsageError) -> ParsedCommand {
        try parse(arguments.map { RawArgument($0) })
    }
}

/// One pass over a command line: the arguments still to read, and what has been read.
struct ArgumentReading {
    private(set) var path: CommandPath
    private(set) var operands: [RawArgument] = []
    private(set) var occurrences: [ParsedCommand.Occurrence] = []
    private var remaining: ArraySlice<RawArgument>
    private var optionsEnded = false

    private let dash = UInt8(ascii: "-")

    init(_ root: CommandPath, _ arguments: [RawArgument]) {
        path = root
        remaining = arguments[...]
    }

    var helpRequested: Bool { occurrences.contains { $0.name == OptionSpec.help.name } }

    mutating func readAll() throws(UsageError) {
        while let argument = remaining.popFirst() {
            let bytes = argument.bytes
            if optionsEnded || bytes.first != dash || bytes.count == 1 || isNegativeNumber(bytes) {
                try readOperand(argument)
            } else if bytes == [dash, dash] {
                optionsEnded = true
            } else if bytes[1] == dash {
                try readLongOption(bytes.dropFirst(2))
            } else {
                try readBundle(bytes.dropFirst())
            }
        }
    }

    func requireCompleteness() throws(UsageError) {
        if !path.command.subcommands.isEmpty { throw UsageError(path, "a command is missing") }
        let specs = path.command.operands.dropFirst(operands.count)
        if let missing = specs.first(where: { !$0.isOptional }) {
            throw UsageError(path, "operand \(missing.name) is missing")
        }
    }

    // MARK: - Operands

    private mutating func readOperand(_ argument: RawArgument) throws(UsageError) {
        if !path.command.subcommands.isEmpty {
            path = try path.descending(to: argument)
            return
        }
        let specs = path.command.operands
        guard let spec = operands.count < specs.count ? specs[operands.count] : specs.last,
            operands.count < specs.count || spec.isRepeating
        else { throw UsageError(path, "unexpected operand '\(argument.printable)'") }
        try require(argument, isA: spec.kind, for: "operand \(spec.name)")
        operands.append(argument)
    }

    private func isNegativeNumber(_ bytes: [UInt8]) -> Bool {
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        let points = bytes.count { $0 == UInt8(ascii: ".") }
        let figures = bytes.count { digits.contains($0) }
        return bytes.first == dash && points <= 1 && figures > 0 && figures + points + 1 == bytes.count
            && !path.acceptedOptions.contains { $0.short?.isNumber == true }
    }

    // MARK: - Options

    private mutating func readLongOption(_ text: ArraySlice<UInt8>) throws(UsageError) {
        let name = text.prefix { $0 != UInt8(ascii: "=") }
        let attached = name.count < text.count ? RawArgument(bytes: Array(text.dropFirst(name.count + 1))) : nil
        guard let option = path.acceptedOptions.first(where: { $0.name.utf8.elementsEqual(name) }) else {
            throw unknownLongOption(RawArgument(bytes: Array(name)))
        }
        if option.isFlag && attached != nil {
            throw UsageError(path, "option '--\(option.name)' takes no value")
        }
        try record(option, spelled: "--\(option.name)", attached: attached)
    }

    private mutating func readBundle(_ bundle: ArraySlice<UInt8>) throws(UsageError) {
        var letters = bundle
        while let letter = letters.first {
            guard let option = path.acceptedOptions.first(where: { $0.short?.asciiValue == letter }) else {
                throw unknownShortOption(letters, in: bundle)
            }
            letters = letters.dropFirst()
            let spelling = "-\(Character(Unicode.Scalar(letter)))"
            if option.isFlag {
                try record(option, spelled: spelling, attached: nil)
            } else {
                let attached = letters.isEmpty ? nil : RawArgument(bytes: Array(letters))
                return try record(option, spelled: spelling, attached: attached)
            }
        }
    }

    private mutating func record(_ option: OptionSpec, spelled: String, attached: RawArgument?) throws(UsageError) {
        let isRepeated = occurrences.contains { $0.name == option.name }
        if isRepeated && !option.isRepeatable && option.name != OptionSpec.help.name {
            throw UsageError(path, "option '\(spelled)' was given twice")
        }
        var value: RawArgument?
        if let valueName = option.valueName {
            value = attached ?? remaining.popFirst()
            guard let value else { throw UsageError(path, "option '\(spelled)' needs a value, \(valueName)") }
            try require(value, isA: option.kind, for: "option '\(spelled)'")
        }
        occurrences.append(ParsedCommand.Occurrence(name: option.name, value: value))
    }

    private func require(_ value: RawArgument, isA kind: ValueKind, for subject: String) throws(UsageError) {
        guard let refused = kind.firstRefused(in: value) else { return }
        let suggestion = Suggestion(for: refused, among: kind.choices)
        let choices = "; it must be one of " + kind.choices.joined(separator: ", ")
        let advice = suggestion.words.isEmpty ? choices : suggestion.question
        throw UsageError(path, "\(subject) cannot be '\(refused.printable)'\(advice)")
    }

    // MARK: - Unknown options

    private func unknownLongOption(_ name: RawArgument) -> UsageError {
        let complaint = "unknown option '--\(name.printable)'"
        if let below = firstBelow(accepting: name) {
            return UsageError(path, complaint + "; it is an option of '\(below.title)' and must follow that command")
        }
        let known = path.acceptedOptions.filter { !$0.isHidden }.map(\.name)
        let suggestion = Suggestion(for: name, among: known)
        let isAbbreviation = !name.bytes.isEmpty && suggestion.words.contains { $0.hasPrefix(name.text) }
        let remark = isAbbreviation ? " (option names cannot be abbreviated)" : ""
        return UsageError(path, complaint + remark + suggestion.question(prefix: "--"))
    }

    private func unknownShortOption(_ letters: ArraySlice<UInt8>, in bundle: ArraySlice<UInt8>) -> UsageError {
        // One character: a byte and the UTF-8 continuation bytes after it.
        let character = letters.prefix(1) + letters.dropFirst().prefix { $0 & 0xC0 == 0x80 }
        let complaint = "unknown option '-\(RawArgument(bytes: Array(character)).printable)'"
        let word = bundle.prefix { $0 != UInt8(ascii: "=") }
        let meant = path.acceptedOptions.first { $0.name.utf8.elementsEqual(word) }
        return UsageError(path, complaint + (meant.map { "; did you mean '--\($0.name)'?" } ?? ""))
    }

    private func firstBelow(accepting name: RawArgument) -> CommandPath? {
        path.depthFirst.dropFirst().first { $0.command.options.map(\.name).contains(exactly: name) }
    }
}
