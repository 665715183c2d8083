/// What `--help` prints for a command.
package struct HelpText: Sendable {
    private let path: CommandPath

    /// The help for the command at `path`.
    package init(_ path: CommandPath) {
        self.path = path
    }

    /// The help in lines of at most `width` characters (40 at least), closed by a newline.
    package func render(width: Int) -> String {
        let layout = TextLayout(width: max(40, width))
        let command = path.command
        let paragraphs = [command.summary] + command.discussion
        let sections =
            [usage(layout)]
            + paragraphs.map { layout.fill($0) }
            + [
                section("Operands", layout.align(command.operands.map { ($0.usage, $0.fullHelp) })),
                section("Commands", layout.align(command.subcommands.map { ($0.name, $0.summary) })),
                section("Options", options(path.ownOptions, layout)),
                section("Common options", options(path.commonOptions, layout)),
                section("Examples", examples(layout)),
            ]
        return sections.filter { !$0.isEmpty }
            .map { $0.joined(separator: "\n") + "\n" }
            .joined(separator: "\n")
    }

    private func section(_ title: String, _ lines: [String]) -> [String] {
        lines.isEmpty ? [] : [title + ":"] + lines
    }

    private func usage(_ layout: TextLayout) -> [String] {
        let words = path.command.subcommands.isEmpty ? path.command.operands.map(\.usage) : ["COMMAND [ARGUMENT...]"]
        let prefix = "Usage: \(path.title) "
        return layout.fill((["[OPTION...]"] + words).joined(separator: " "), first: prefix, hanging: 7)
    }

    private func options(_ options: [OptionSpec], _ layout: TextLayout) -> [String] {
        layout.align(
            options.filter { !$0.isHidden }.map { option in
                let short = option.short.map { "-\($0), " } ?? "    "
                let value = option.valueName.map { " " + $0 } ?? ""
                return (short + "--" + option.name + value, option.fullHelp)
            })
    }

    private func examples(_ layout: TextLayout) -> [String] {
        path.command.examples.flatMap { example in
            ["  " + example.command] + layout.fill(example.effect, first: "      ", hanging: 6)
        }
    }
}
