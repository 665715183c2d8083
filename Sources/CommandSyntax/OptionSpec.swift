import Files

/// The declaration of one option: a flag, or an option with a value.
package struct OptionSpec: Sendable {
    /// The long name without its dashes, as `jobs`.
    package let name: String
    /// The one-letter form without its dash.
    package let short: Character?
    /// The name of the value in the help, as `N`; nil for a flag.
    package let valueName: String?
    /// The values that it accepts.
    package let kind: ValueKind
    /// One line for the help, the manual page and completions.
    package let help: String
    /// The default as text for the help. The parser supplies no defaults.
    package let defaultText: String?
    /// Whether it may be given more than once.
    package let isRepeatable: Bool
    /// Whether every command below accepts it too.
    package let isInherited: Bool
    /// Whether help, manual page and completions omit it.
    package let isHidden: Bool

    /// Declares an option; without `value` it is a flag.
    package init(
        _ name: String, short: Character? = nil, value valueName: String? = nil, kind: ValueKind = .text,
        help: String, default defaultText: String? = nil,
        repeatable: Bool = false, inherited: Bool = false, hidden: Bool = false
    ) {
        self.name = name
        self.short = short
        self.valueName = valueName
        self.kind = kind
        self.help = help
        self.defaultText = defaultText
        isRepeatable = repeatable
        isInherited = inherited
        isHidden = hidden
    }

    /// The option that every tree must declare at its root: `-h`, `--help`.
    package static let help = OptionSpec("help", short: "h", help: "show this help and exit", inherited: true)

    /// Whether it is a flag, that is, takes no value.
    package var isFlag: Bool { valueName == nil }

    /// The forms a user may write, the short one first: `-j`, `--jobs`.
    var spellings: [String] {
        (short.map { ["-\($0)"] } ?? []) + ["--\(name)"]
    }

    /// The help with the accepted values and the default.
    var fullHelp: String {
        let notes = [
            kind.note, defaultText.map { "default: " + PrintableText.escaping($0) },
            isRepeatable ? "may be repeated" : nil,
        ].compactMap(\.self)
        return notes.isEmpty ? help : help + " (" + notes.joined(separator: "; ") + ")"
    }
}
