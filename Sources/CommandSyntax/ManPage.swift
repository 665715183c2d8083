/// The one manual page of a program, in mdoc: all its commands with their operands and options.
package struct ManPage: Sendable {
    private let program: CommandPath
    private let date: String
    private let section: Int
    private let sections: ManSections

    /// A page for the program that `root` declares.
    /// - Parameters:
    ///   - date: the day of the page's last change, as `2025-11-22`.
    ///   - section: the section of the manual it belongs to.
    ///   - sections: what the declarations don't say.
    package init(_ root: CommandSpec, date: String, section: Int = 1, sections: ManSections = ManSections()) {
        program = CommandPath(root: root)
        self.date = date
        self.section = section
        self.sections = sections
    }

    /// The page's source, for `mandoc` or `man -l`.
    package func render() -> String {
        let lines =
            head + synopsis + description
            + titled("COMMANDS", program.depthFirst.dropFirst().flatMap(command))
            + titled("ENVIRONMENT", list(sections.environment, macro: "Ev"))
            + titled("FILES", list(sections.files, macro: "Pa"))
            + titled("EXIT STATUS", list(sections.exitStatus, macro: "Li"))
            + titled("EXAMPLES", examples)
            + titled("SEE ALSO", references)
        return lines.joined(separator: "\n") + "\n"
    }

    // MARK: - Sections

    private var head: [String] {
        let root = program.command
        return [
            ".Dd \(longDate)", ".Dt \(root.name.uppercased()) \(section)", ".Os",
            ".Sh NAME", ".Nm \(root.name)", ".Nd \(MdocText.argument(root.summary))",
        ]
    }

    private var synopsis: [String] {
        [".Sh SYNOPSIS"]
            + program.depthFirst.filter(isCallable).flatMap { path in
                let name = path.names.isEmpty ? [] : [".Cm " + path.names.map(MdocText.argument).joined(separator: " ")]
                return [".Nm"] + name + [".Op Ar option ..."] + path.command.operands.map(usage)
            }
    }

    private var description: [String] {
        let root = program.command
        let text = root.discussion.isEmpty ? [sentence(root.summary)] : root.discussion
        return [".Sh DESCRIPTION"] + paragraphs(text) + operandList(root) + optionLists(program)
    }

    private func command(_ path: CommandPath) -> [String] {
        let heading = path.names.map(MdocText.argument).joined(separator: " ")
        return [".Ss \(heading)"] + paragraphs([sentence(path.command.summary)] + path.command.discussion)
            + operandList(path.command) + optionLists(path)
    }

    private var examples: [String] {
        program.depthFirst.flatMap(\.command.examples).enumerated().flatMap { index, example in
            (index == 0 ? [] : [".Pp"]) + MdocText.paragraph(example.effect)
                + [".Dl \(MdocText.argument(example.command))"]
        }
    }

    private var references: [String] {
        let pages = sections.seeAlso.sorted { ($0.section, $0.name) < ($1.section, $1.name) }
        return pages.enumerated().map { index, page in
            ".Xr \(page.name) \(page.section)" + (index < pages.count - 1 ? " ," : "")
        }
    }

    // MARK: - Parts

    /// A group of commands can't be called itself.
    private func isCallable(_ path: CommandPath) -> Bool { path.command.subcommands.isEmpty }

    private func usage(_ operand: OperandSpec) -> String {
        let name = "Ar " + MdocText.argument(operand.name) + (operand.isRepeating ? " ..." : "")
        return operand.isOptional ? ".Op " + name : "." + name
    }

    private func operandList(_ command: CommandSpec) -> [String] {
        introduced(
            "The operands are:",
            by: list(command.operands.map { ManSections.Entry($0.name, $0.fullHelp) }, macro: "Ar"))
    }

    /// The options that the command itself declares; what it inherits is told where it is declared.
    private func optionLists(_ path: CommandPath) -> [String] {
        let options = path.command.options
        if isCallable(path) { return introduced("The options are:", by: optionList(options)) }
        return introduced("The options are:", by: optionList(path.ownOptions))
            + introduced("The commands below accept these options too:", by: optionList(options.filter(\.isInherited)))
    }

    private func optionList(_ options: [OptionSpec]) -> [String] {
        list(
            options.filter { !$0.isHidden }.map { option in
                let forms = option.spellings.map { "Fl " + MdocText.argument(String($0.dropFirst())) }
                let value = option.valueName.map { " Ar " + MdocText.argument($0) } ?? ""
                return (forms.joined(separator: " , ") + value, option.fullHelp)
            })
    }

    private func list(_ entries: [ManSections.Entry], macro: String) -> [String] {
        list(entries.map { ("\(macro) \(MdocText.argument($0.term))", $0.meaning) })
    }

    private func list(_ items: [(head: String, meaning: String)]) -> [String] {
        guard !items.isEmpty else { return [] }
        let lines = items.flatMap { [".It " + $0.head] + MdocText.paragraph($0.meaning) }
        return [".Bl -tag -width Ds"] + lines + [".El"]
    }

    private func introduced(_ sentence: String, by list: [String]) -> [String] {
        list.isEmpty ? [] : [".Pp", sentence] + list
    }

    private func paragraphs(_ texts: [String]) -> [String] {
        Array(texts.map(MdocText.paragraph).joined(separator: [".Pp"]))
    }

    private func sentence(_ summary: String) -> String {
        summary.prefix(1).uppercased() + summary.dropFirst() + "."
    }

    private func titled(_ title: String, _ lines: [String]) -> [String] {
        lines.isEmpty ? [] : [".Sh \(title)"] + lines
    }

    /// The date as mdoc wants it, `November 22, 2025`; whatever is no such date is left as it is.
    private var longDate: String {
        let months = [
            "January", "February", "March", "April", "May", "June",
            "July", "August", "September", "October", "November", "December",
        ]
        let parts = date.split(separator: "-").compactMap { Int($0) }
        guard parts.count == 3, (1...12).contains(parts[1]) else { return date }
        return "\(months[parts[1] - 1]) \(parts[2]), \(parts[0])"
    }
}
