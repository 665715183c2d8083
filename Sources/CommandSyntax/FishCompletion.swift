extension CompletionScript {
    /// A script for fish 3 or later, to install as `NAME.fish` under `completions`.
    ///
    /// Each line offers something under a condition; the conditions ask a function that finds the command, and the
    /// number of operands so far, in the words before the cursor.
    package static func fish(_ root: CommandSpec) -> String {
        let program = CommandPath(root: root)
        let name = "_" + functionName(program)
        let paths = program.depthFirst
        let lines = paths.flatMap { fishOptions($0, name, root) + fishOperands($0, name, root) }
        return """
            # fish completion for \(root.name)

            \(fishPlace(name, program))

            # Whether the option in "COMMAND OPTION" takes a value.
            function \(name)_takes_value
                contains -- $argv[1] \(fishValueKeys(paths))
            end

            # Each word after what is already typed of a comma-separated list.
            function \(name)_list
                set -l typed (commandline -ct | string replace -r -- '^--[^=]*=' '' | string replace -r '[^,]*$' '')
                printf '%s\\n' "$typed"$argv
            end

            complete -c \(fishQuote(root.name)) -f
            \(lines.joined(separator: "\n"))

            """
    }

    /// The function that the conditions ask.
    private static func fishPlace(_ name: String, _ program: CommandPath) -> String {
        let titles = program.depthFirst.map { fishQuote($0.title) }.joined(separator: " ")
        return """
            # Whether the words before the cursor lead to COMMAND, with FIRST to LAST operands.
            function \(name)_at --argument-names wanted first last
                set -l words (commandline -opc)
                set -l command \(fishQuote(program.title))
                set -l operands 0
                set -l awaits_value no
                set -l ended no
                for word in $words[2..]
                    if test $awaits_value = yes
                        set awaits_value no
                    else if test $ended = no -a "$word" = --
                        set ended yes
                    else if test $ended = no; and string match -q -- '--*' $word
                        \(name)_takes_value "$command $word"; and set awaits_value yes
                    else if test $ended = no; and string match -q -- '-?*' $word
                        set -l letters (string split '' -- (string sub -s 2 -- $word))
                        for i in (seq (count $letters))
                            \(name)_takes_value "$command -$letters[$i]"; or continue
                            test $i -eq (count $letters); and set awaits_value yes
                            break
                        end
                    else if contains -- "$command $word" \(titles)
                        set command "$command $word"
                    else
                        set operands (math $operands + 1)
                    end
                end
                test "$command" = "$wanted"; or return
                test -z "$first"; or test $operands -ge "$first"; or return
                test -z "$last"; or test $operands -le "$last"
            end
            """
    }

    private static func fishValueKeys(_ paths: [CommandPath]) -> String {
        paths.flatMap { path in
            path.acceptedOptions.filter { !$0.isFlag }.flatMap(\.spellings).map { fishQuote("\(path.title) \($0)") }
        }.joined(separator: " ")
    }

    private static func fishOptions(_ path: CommandPath, _ name: String, _ root: CommandSpec) -> [String] {
        visibleOptions(path.acceptedOptions).map { option in
            var words = fishStart(root, "\(name)_at \(fishQuote(path.title))")
            if let short = option.short { words.append("-s \(short)") }
            words.append("-l \(option.name) -d \(fishQuote(option.help))")
            if !option.isFlag { words.append(fishAction(option.kind, name).map { "-r \($0)" } ?? "-x") }
            return words.joined(separator: " ")
        }
    }

    private static func fishOperands(_ path: CommandPath, _ name: String, _ root: CommandSpec) -> [String] {
        let place = "\(name)_at \(fishQuote(path.title))"
        let commands = path.command.subcommands.map { command in
            (fishStart(root, place + " 0 0") + ["-a \(command.name) -d \(fishQuote(command.summary))"])
                .joined(separator: " ")
        }
        let operands = path.command.operands.enumerated().compactMap { index, operand in
            let range = operand.isRepeating ? " \(index)" : " \(index) \(index)"
            return fishAction(operand.kind, name).map {
                (fishStart(root, place + range) + [$0]).joined(separator: " ")
            }
        }
        return commands + operands
    }

    private static func fishStart(_ root: CommandSpec, _ condition: String) -> [String] {
        ["complete -c \(fishQuote(root.name)) -n \(fishQuote(condition))"]
    }

    private static func fishAction(_ kind: ValueKind, _ name: String) -> String? {
        switch kind {
        case .text: nil
        case .file: "-F"
        case .directory: "-f -a \(fishQuote("(__fish_complete_directories)"))"
        case .oneOf(let words): "-f -a \(fishQuote(words.map(fishQuote).joined(separator: " ")))"
        case .listOf(let words):
            "-f -a \(fishQuote("(\(name)_list \(words.map(fishQuote).joined(separator: " ")))"))"
        }
    }

    /// The text as one word of fish, where a backslash escapes inside single quotes too.
    static func fishQuote(_ text: String) -> String {
        "'" + String(text.flatMap { "\\'".contains($0) ? ["\\", $0] : [$0] }) + "'"
    }
}
