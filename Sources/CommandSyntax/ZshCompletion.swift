extension CompletionScript {
    /// A script for zsh, to install as `_NAME` in a directory of `$fpath`, or to source after `compinit`.
    ///
    /// Each command has a function that hands its declarations to `_arguments`; a command with subcommands passes the
    /// words from the subcommand's name on to the subcommand's function.
    package static func zsh(_ root: CommandSpec) -> String {
        let program = CommandPath(root: root)
        let name = functionName(program)
        let functions = program.depthFirst.reversed().map(zshFunction)
        return """
            #compdef \(root.name)

            \(functions.joined(separator: "\n\n"))

            # Loaded by name, this file is the function's body; sourced, it registers the function.
            if [[ $funcstack[1] == \(name) ]]; then
                \(name) "$@"
            else
                compdef \(name) \(quote(root.name))
            fi

            """
    }

    private static func zshFunction(_ path: CommandPath) -> String {
        let options = visibleOptions(path.acceptedOptions).map(zshOption)
        let isGroup = !path.command.subcommands.isEmpty
        let operands = isGroup ? ["'1:command:->command'", "'*::argument:->argument'"] : zshOperands(path.command)
        let arguments = (options + operands).map { " \\\n        \($0)" }.joined()
        return """
            \(functionName(path))() {
                local curcontext="$curcontext" state state_descr line
                typeset -A opt_args
                _arguments -s -S -C :\(arguments)\(isGroup ? zshDispatch(path) : "")
            }
            """
    }

    private static func zshDispatch(_ path: CommandPath) -> String {
        let descriptions = path.command.subcommands.map { quote("\($0.name):\(colonEscaped($0.summary))") }
        let cases = path.children.map { "\(quote($0.command.name))) \(functionName($0)) ;;" }
        return """
             && return
                case $state in
                    command)
                        local -a commands=(
                            \(descriptions.joined(separator: "\n                "))
                        )
                        _describe -t commands command commands
                        ;;
                    argument)
                        case $line[1] in
                            \(cases.joined(separator: "\n                "))
                        esac
                        ;;
                esac
            """
    }

    /// As `'(-j --jobs)'{-j+,--jobs=}'[workers]:N:'`.
    private static func zshOption(_ option: OptionSpec) -> String {
        let long = "--\(option.name)" + (option.isFlag ? "" : "=")
        let short = option.short.map { "-\($0)" + (option.isFlag ? "" : "+") }
        let forms = short.map { "{\($0),\(long)}" } ?? long
        let exclusion = option.isRepeatable ? "'*'" : "'(\(option.spellings.joined(separator: " ")))'"
        let value = option.valueName.map { ":\(colonEscaped($0)):\(zshAction(option.kind))" } ?? ""
        return exclusion + forms + quote("[\(bracketEscaped(option.help))]" + value)
    }

    private static func zshOperands(_ command: CommandSpec) -> [String] {
        command.operands.enumerated().map { index, operand in
            let position = operand.isRepeating ? "*" : "\(index + 1)"
            let colons = operand.isOptional && !operand.isRepeating ? "::" : ":"
            return quote("\(position)\(colons)\(colonEscaped(operand.name)):\(zshAction(operand.kind))")
        }
    }

    private static func zshAction(_ kind: ValueKind) -> String {
        switch kind {
        case .text: " "
        case .file: "_files"
        case .directory: "_files -/"
        case .oneOf(let words): "(\(words.map(wordEscaped).joined(separator: " ")))"
        case .listOf(let words): "_sequence compadd - \(words.map(wordEscaped).joined(separator: " "))"
        }
    }

    private static func bracketEscaped(_ text: String) -> String { escaped(text, "\\[]:") }

    private static func colonEscaped(_ text: String) -> String { escaped(text, "\\:") }

    /// A word of an action, which zsh splits and unquotes once more.
    private static func wordEscaped(_ text: String) -> String {
        String(text.flatMap { $0.isLetter || $0.isNumber || "-_.,/".contains($0) ? [$0] : ["\\", $0] })
    }

    private static func escaped(_ text: String, _ special: String) -> String {
        String(text.flatMap { special.contains($0) ? ["\\", $0] : [$0] })
    }
}
