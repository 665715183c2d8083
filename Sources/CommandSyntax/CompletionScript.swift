/// Scripts with which shells complete a program's command lines.
package enum CompletionScript {
    /// The text as one word of bash or zsh, whatever it contains.
    static func quote(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }

    /// The name of the function that serves the command at `path`: `_qedscan__store__prune`.
    static func functionName(_ path: CommandPath) -> String {
        "_" + String(path.title.flatMap { $0 == " " ? "__" : $0 == "-" ? "_" : String($0) })
    }

    /// The options to offer.
    static func visibleOptions(_ options: [OptionSpec]) -> [OptionSpec] {
        options.filter { !$0.isHidden }
    }
}
