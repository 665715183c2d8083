/// The values that an option or an operand accepts, suggests and completes.
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

    /// The allowed words; empty if any text is allowed.
    package var choices: [String] {
        switch self {
        case .text, .file, .directory: []
        case .oneOf(let words), .listOf(let words): words
        }
    }

    /// The choices as a note for the help; nil if any text is allowed.
    var note: String? {
        switch self {
        case .text, .file, .directory: nil
        case .oneOf(let words): "one of: " + words.joined(separator: ", ")
        case .listOf(let words): "comma-separated, from: " + words.joined(separator: ", ")
        }
    }

    /// The values in `argument`: the comma-separated parts of a list, else the argument itself.
    func elements(of argument: RawArgument) -> [RawArgument] {
        guard case .listOf = self else { return [argument] }
        return argument.bytes.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
            .map { RawArgument(bytes: Array($0)) }
    }

    /// The first value in `argument` that is not one of the choices, or nil if all are.
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
