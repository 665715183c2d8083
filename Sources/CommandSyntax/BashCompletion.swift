extension CompletionScript {
    /// A script for bash 4.4 or later, to source or to install under `bash-completion/completions`.
    ///
    /// The words before the cursor lead to a key, such as `qedscan scan -` for an option of that command,
    /// `qedscan scan --jobs` for the value of that option or `qedscan scan 0` for its first operand; a table then
    /// says what to offer. Readline completes file names, since it knows how to quote them.
    package static func bash(_ root: CommandSpec) -> String {
        let program = CommandPath(root: root)
        let name = functionName(program)
        return """
            # bash completion for \(root.name)

            \(bashQuestions(program, name))

            \(bashOffers(name))

            \(name)() {
                local cur=${COMP_WORDS[COMP_CWORD]} cmd=\(quote(root.name)) want='' prefix='' word letters key
                local -i i operands=0 ended=0
                COMPREPLY=()
            \(bashKey(name))
                case $key in
                    \(bashTable(program, name).joined(separator: "\n        "))
                esac
            }
            complete -F \(name) \(quote(root.name))

            """
    }

    // MARK: - Parts of the script

    private static func bashQuestions(_ program: CommandPath, _ name: String) -> String {
        """
        # Whether the option in "COMMAND OPTION" takes a value.
        \(name)_takes_value() {
            case $1 in
                \(alternatives(program.depthFirst.flatMap(valueKeys) + [quote("")]))) return 0 ;;
            esac
            return 1
        }

        # Whether "COMMAND WORD" names a command.
        \(name)_is_command() {
            case $1 in
                \(alternatives(program.depthFirst.map { quote($0.title) }))) return 0 ;;
            esac
            return 1
        }
        """
    }

    private static func bashOffers(_ name: String) -> String {
        """
        # Offers those of the words that continue the current one.
        \(name)_offer() {
            local word
            for word; do
                [[ $word == "$cur"* ]] && COMPREPLY+=("$prefix$(printf %q "$word")")
            done
        }

        # The same for the last part of a comma-separated list.
        \(name)_offer_list() {
            if [[ $cur == *,* ]]; then
                prefix+=${cur%,*},
                cur=${cur##*,}
            fi
            \(name)_offer "$@"
        }
        """
    }

    /// The part that finds the key from the words before the cursor.
    private static func bashKey(_ name: String) -> String {
        """
            for ((i = 1; i < COMP_CWORD; i++)); do
                word=${COMP_WORDS[i]}
                if [[ $want ]]; then
                    # Readline splits "--x=v" into three words.
                    [[ $word == = ]] || want=''
                elif ((!ended)) && [[ $word == -- ]]; then
                    ended=1
                elif ((!ended)) && [[ $word == --* ]]; then
                    \(name)_takes_value "$cmd $word" && want=$word
                elif ((!ended)) && [[ $word == -?* ]]; then
                    for ((letters = 1; letters < ${#word}; letters++)); do
                        \(name)_takes_value "$cmd -${word:letters:1}" || continue
                        ((letters == ${#word} - 1)) && want=-${word:letters:1}
                        break
                    done
                elif \(name)_is_command "$cmd $word"; then
                    cmd+=" $word"
                else
                    operands+=1
                fi
            done
            if [[ $want && $cur == = ]]; then
                cur=''
            elif ((!ended)) && [[ ! $want && $cur == --*=* ]]; then
                want=${cur%%=*} prefix=${cur%%=*}= cur=${cur#*=}
            fi
            key="$cmd $operands"
            if [[ $want ]]; then
                key="$cmd $want"
            elif ((!ended)) && [[ $cur == -* ]]; then
                key="$cmd -"
            fi
        """
    }

    private static func bashTable(_ program: CommandPath, _ name: String) -> [String] {
        program.depthFirst.flatMap { optionCases($0, name) + operandCases($0, name) }
    }

    private static func alternatives(_ patterns: [String]) -> String {
        patterns.joined(separator: " | ")
    }

    /// The patterns of keys where one of the command's own options awaits its value.
    private static func valueKeys(_ path: CommandPath) -> [String] {
        path.command.options.filter { !$0.isFlag }.flatMap { valueKeys($0, path) }
    }

    /// An inherited option has its name to itself among all commands below, so one pattern serves them all.
    private static func valueKeys(_ option: OptionSpec, _ path: CommandPath) -> [String] {
        option.spellings.flatMap { spelling in
            [quote("\(path.title) \(spelling)")]
                + (option.isInherited ? ["\(quote(path.title + " "))*\(quote(" " + spelling))"] : [])
        }
    }

    private static func optionCases(_ path: CommandPath, _ name: String) -> [String] {
        let spellings = visibleOptions(path.acceptedOptions).flatMap(\.spellings)
        let values = visibleOptions(path.command.options).filter { !$0.isFlag }.map { option in
            "\(alternatives(valueKeys(option, path)))) \(action(option.kind, name)) ;;"
        }
        return ["\(quote(path.title + " -"))) \(offer(spellings, name)) ;;"] + values
    }

    private static func operandCases(_ path: CommandPath, _ name: String) -> [String] {
        let command = path.command
        if !command.subcommands.isEmpty {
            return ["\(quote(path.title + " 0"))) \(offer(command.subcommands.map(\.name), name)) ;;"]
        }
        return command.operands.enumerated().map { index, operand in
            // A repeating operand comes last, after the patterns of those before it.
            let pattern = quote("\(path.title) ") + (operand.isRepeating ? "[0-9]*" : "\(index)")
            return "\(pattern)) \(action(operand.kind, name)) ;;"
        }
    }

    private static func action(_ kind: ValueKind, _ name: String) -> String {
        switch kind {
        case .text: ":"
        case .file: "compopt -o default"
        case .directory: "compopt -o dirnames"
        case .oneOf(let words): offer(words, name)
        case .listOf(let words): "\(name)_offer_list " + words.map(quote).joined(separator: " ")
        }
    }

    private static func offer(_ words: [String], _ name: String) -> String {
        "\(name)_offer " + words.map(quote).joined(separator: " ")
    }
}
