/// Scripts that teach a shell to complete a program's command lines; each shell has a file of its own.
package enum CompletionScript {
    /// The text as one word of bash or zsh, whatever it contains.
    static func quote(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }

    /// The name of the function that serves the command at `path`: `_qedscan__store__prune`.
    static func functionName(_ path: CommandPath) -> String {
        "_" + String(path.title.flatMap { $0 == " " ? "__" : $0 == "-" ? "_" : String($0) })
    }

    /// Those of the options that are to be offered.
    static func visibleOptions(_ options: [OptionSpec]) -> [OptionSpec] {
        options.filter { !$0.isHidden }
    }
}
