/// What the value of an option or an operand may be: it decides what is accepted, suggested and completed.
package enum ValueKind: Hashable, Sendable {
    /// Any text; nothing to complete.
    case text
    /// The name of a file.
    case file
    /// The name of a directory.
    case directory
    /// Exactly one of these words.
    case oneOf([String])
    /// One or more of these words, separated by commas.
    case listOf([String])

    /// Exactly one of the raw values of an enumeration.
    package static func oneOf<Choice>(cases: Choice.Type) -> ValueKind
    where Choice: RawRepresentable<String> & CaseIterable {
        .oneOf(cases.allCases.map(\.rawValue))
    }

    /// One or more of the raw values of an enumeration, separated by commas.
    package static func listOf<Choice>(cases: Choice.Type) -> ValueKind
    where Choice: RawRepresentable<String> & CaseIterable {
        .listOf(cases.allCases.map(\.rawValue))
    }

    /// The allowed words; empty if any text will do.
    package var choices: [String] {
        switch self {
        case .text, .file, .directory: []
        case .oneOf(let words), .listOf(let words): words
        }
    }

    /// The choices as a remark for the help; nil if any text will do.
    var note: String? {
        switch self {
        case .text, .file, .directory: nil
        case .oneOf(let words): "one of: " + words.joined(separator: ", ")
        case .listOf(let words): "comma-separated, from: " + words.joined(separator: ", ")
        }
    }

    /// The single values that `argument` holds: its comma-separated parts for a list, else itself.
    func elements(of argument: RawArgument) -> [RawArgument] {
        guard case .listOf = self else { return [argument] }
        return argument.bytes.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
            .map { RawArgument(bytes: Array($0)) }
    }

    /// The first single value in `argument` that is not among the choices, or nil if all is well.
    func firstRefused(in argument: RawArgument) -> RawArgument? {
        guard !choices.isEmpty else { return nil }
        return elements(of: argument).first { !choices.contains(exactly: $0) }
    }
}

extension [String] {
    /// Whether one of the words has exactly these bytes. (Strings compare by canonical equivalence, which is laxer.)
    func contains(exactly argument: RawArgument) -> Bool {
        contains { $0.utf8.elementsEqual(argument.bytes) }
    }
}
