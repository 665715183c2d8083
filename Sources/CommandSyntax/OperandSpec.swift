/// The declaration of one operand: an argument that is not an option.
package struct OperandSpec: Sendable {
    /// Its name in the help, as `PATH`.
    package let name: String
    /// One line for the help and the manual page.
    package let help: String
    /// The values that it accepts.
    package let kind: ValueKind
    /// Whether it may be left out.
    package let isOptional: Bool
    /// Whether any number may follow; only the last operand of a command may repeat.
    package let isRepeating: Bool

    /// Declares an operand, which must be given exactly once by default.
    package init(
        _ name: String, kind: ValueKind = .text, help: String, optional: Bool = false, repeating: Bool = false
    ) {
        self.name = name
        self.kind = kind
        self.help = help
        isOptional = optional
        isRepeating = repeating
    }

    /// As written in a usage line: `PATH`, `PATH...`, `[PATH]` or `[PATH...]`.
    var usage: String {
        let repeated = isRepeating ? name + "..." : name
        return isOptional ? "[" + repeated + "]" : repeated
    }

    /// The help with the accepted values.
    var fullHelp: String { kind.note.map { "\(help) (\($0))" } ?? help }
}
