import CommandSyntax

/// How what is known of one image is printed.
enum RowFormat: String, CaseIterable {
    /// Aligned columns for people.
    case table
    /// RFC 4180, with a header line.
    case csv
    /// One object.
    case json
    /// The same.
    case jsonl

    static let option = OptionSpec(
        "format", value: "FORMAT", kind: .oneOf(cases: RowFormat.self), help: "how it is printed",
        default: RowFormat.table.rawValue)

    init(_ parsed: ParsedCommand) throws(UsageError) {
        self = try parsed.choice(of: "format", as: RowFormat.self) ?? .table
    }
}
