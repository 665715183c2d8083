import CommandSyntax
import Glibc

/// When to use colours.
enum ColorChoice: String, CaseIterable {
    case auto, always, never
}

/// The colours of the output, or none.
struct Palette {
    private let isOn: Bool

    /// No colours.
    static let plain = Palette(isOn: false)

    init(isOn: Bool) { self.isOn = isOn }

    /// The palette for standard output. `auto` means: on a terminal, unless `NO_COLOR` is set.
    init(_ parsed: ParsedCommand) throws(UsageError) {
        switch try parsed.choice(of: "color", as: ColorChoice.self) ?? .auto {
        case .always: isOn = true
        case .never: isOn = false
        case .auto: isOn = StandardOutput.isTerminal && getenv("NO_COLOR").map { $0.pointee != 0 } != true
        }
    }

    func bold(_ text: String) -> String { wrapped(text, "1") }
    func good(_ text: String) -> String { wrapped(text, "32") }
    func warning(_ text: String) -> String { wrapped(text, "33") }
    func bad(_ text: String) -> String { wrapped(text, "31") }
    func structure(_ text: String) -> String { wrapped(text, "36") }
    func faint(_ text: String) -> String { wrapped(text, "2") }

    private func wrapped(_ text: String, _ code: String) -> String {
        isOn ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}
