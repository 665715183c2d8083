/// The manual page of a program, in mdoc: all its commands with their operands and options.
package struct ManPage: Sendable {
    private let program: CommandPath
    private let date: String
    private let section: Int
    private let sections: ManSections

    /// A page for the program that `root` declares.
    /// - Parameters:
    ///   - date: the day of the page's last change, as `2025-11-22`.
    ///   - section: the section of the manual.
    ///   - sections: the sections that do not come from the declarations.
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

    /// Whether the command can be run, which a group of commands cannot.
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

    /// The options that the command declares. Inherited options are described where they are declared.
    private func optionLists(_ path: CommandPath) -> [String] {
        let options = path.command.options
        if isCallable(path) { return introduced("The options are:", by: optionList(options)) }
        return introduced("The options are:", by: optionList(path.ownOptions))
            + introduced("All commands accept these options too:", by: optionList(options.filter(\.isInherited)))
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

    /// The date in the form of mdoc, `November 22, 2025`; any other text stays as it is.
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

/// The sections of a manual page that do not come from the declarations of the commands.
package struct ManSections: Sendable {
    /// A term and its meaning, as `8` and `Something could not be checked.`
    package struct Entry: Sendable {
        /// What is explained.
        package let term: String
        /// The explanation, in sentences.
        package let meaning: String

        /// An explained term.
        package init(_ term: String, _ meaning: String) {
            self.term = term
            self.meaning = meaning
        }
    }

    /// Another page of the manual.
    package struct Page: Sendable {
        /// The page's name, as `qemu-img`.
        package let name: String
        /// Its section of the manual.
        package let section: Int

        /// A page to refer to.
        package init(_ name: String, _ section: Int) {
            self.name = name
            self.section = section
        }
    }

    /// ENVIRONMENT: variables and what they do.
    package var environment: [Entry]
    /// FILES: paths and what is there.
    package var files: [Entry]
    /// EXIT STATUS: values and what they mean.
    package var exitStatus: [Entry]
    /// SEE ALSO, in any order.
    package var seeAlso: [Page]

    /// The given sections. The page has no empty sections.
    package init(
        environment: [Entry] = [], files: [Entry] = [], exitStatus: [Entry] = [], seeAlso: [Page] = []
    ) {
        self.environment = environment
        self.files = files
        self.exitStatus = exitStatus
        self.seeAlso = seeAlso
    }
}

/// Writes plain text so that mdoc shows exactly that text.
enum MdocText {
    /// Escapes special characters. A text that begins with a full stop is still a request.
    private static func escape(_ text: some StringProtocol) -> String {
        text.unicodeScalars.reduce(into: "") { result, scalar in
            switch scalar {
            case "\\": result += "\\e"
            case "\"": result += "\\(dq"
            case "'": result += "\\(aq"
            case "`": result += "\\(ga"
            case "-": result += "\\-"
            case "~": result += "\\(ti"
            case "^": result += "\\(ha"
            case " "..."~": result.unicodeScalars.append(scalar)
            case _ where scalar.value < 0xA0: result += " "
            default: result += "\\[u\(hex(scalar.value))]"
            }
        }
    }

    /// The text as one argument of a macro, never itself a macro or punctuation.
    static func argument(_ text: String) -> String {
        let escaped = escape(text)
        let plain = escaped.count <= 3 ? "\\&" + escaped : escaped
        return plain.contains(" ") ? "\"\(plain)\"" : plain
    }

    /// Running text in lines of moderate length. Each sentence begins a line.
    static func paragraph(_ text: String) -> [String] {
        sentences(text).flatMap { sentence in
            TextLayout(width: 72).fill(escape(sentence)).map { line in
                line.hasPrefix(".") ? "\\&" + line : line
            }
        }
    }

    private static func sentences(_ text: String) -> [String] {
        let words = text.split(whereSeparator: \.isWhitespace)
        var sentences: [[Substring]] = [[]]
        for (word, next) in zip(words, words.dropFirst() + [""]) {
            sentences[sentences.count - 1].append(word)
            let body = word.reversed().drop { "\"')]".contains($0) }
            if let end = body.first, ".!?".contains(end), next.first?.isUppercase ?? false { sentences.append([]) }
        }
        return sentences.filter { !$0.isEmpty }.map { $0.joined(separator: " ") }
    }

    private static func hex(_ value: UInt32) -> String {
        let digits = String(value, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}
