import CommandSyntax
import Files
import SQLite
import Store

/// The values that `--param` gives to the parameters of a statement. They are bound, never part of its text.
struct ParameterValues {
    static let option = OptionSpec(
        "param", short: "p", value: "NAME=VALUE", help: "the value of a parameter of the question", repeatable: true)

    private let parsed: ParsedCommand
    /// By name, without the sign that a statement has before it.
    private var values: [String: SQLiteValue] = [:]

    /// Values for any statement: what reads like a number is one, all else is text.
    init(_ parsed: ParsedCommand) throws(UsageError) {
        self.parsed = parsed
        for (name, text) in try ParameterValues.given(parsed) {
            guard values[name] == nil else { throw ParameterValues.repetition(of: name, parsed) }
            values[name] = ParameterValues.value(text)
        }
    }

    /// Values for a report: whole numbers, its defaults where none is given; nil for the list of reports.
    init(_ parsed: ParsedCommand, for report: Report?) throws(UsageError) {
        self.parsed = parsed
        let given = try ParameterValues.given(parsed)
        guard let report else {
            guard given.isEmpty else { throw parsed.usageError("option '--param' needs the name of a report") }
            return
        }
        for (name, text) in given {
            guard report.parameters.contains(where: { $0.name == name }) else {
                let known = report.parameters.map(\.name)
                throw ParameterValues.unknown(name, known: known, of: "report '\(report.name)'", parsed)
            }
            guard values[name] == nil else { throw ParameterValues.repetition(of: name, parsed) }
            guard let number = Int64(text), number >= 0 else {
                let shown = PrintableText.escaping(text)
                throw parsed.usageError("parameter '\(name)': '\(shown)' is not a whole number of at least 0")
            }
            values[name] = .integer(number)
        }
        values.merge(ParameterValues.defaults(of: report)) { given, _ in given }
    }

    /// The defaults of a report, for a command that takes no parameters.
    init(_ parsed: ParsedCommand, defaultsOf report: Report) {
        self.parsed = parsed
        values = ParameterValues.defaults(of: report)
    }

    /// - Throws: unless the statement has all these parameters and no others.
    func requireFit(to statement: Statement) throws(UsageError) {
        let names = statement.parameterNames.map { $0.map(ParameterValues.plainName) }
        let known = names.compactMap(\.self)
        if let name = values.keys.sorted().first(where: { !known.contains($0) }) {
            throw ParameterValues.unknown(name, known: known, of: "the statement", parsed)
        }
        for name in names {
            guard let name else {
                throw parsed.usageError("the statement has a parameter without a name: write it as ':name'")
            }
            guard values[name] != nil else {
                let shown = PrintableText.escaping(name)
                throw parsed.usageError("the statement's parameter '\(shown)' has no value: give '-p \(shown)=VALUE'")
            }
        }
    }

    func bind(to statement: Statement) throws(SQLiteError) {
        for name in statement.parameterNames.compactMap(\.self) {
            try statement.bind(values[ParameterValues.plainName(name)], named: name)
        }
    }

    // MARK: - Non public

    private static func defaults(of report: Report) -> [String: SQLiteValue] {
        Dictionary(report.parameters.map { ($0.name, $0.defaultValue) }) { first, _ in first }
    }

    /// Without the sign before it, by scalars: what follows may combine with the sign.
    private static func plainName(_ name: String) -> String { String(name.unicodeScalars.dropFirst()) }

    private static func given(_ parsed: ParsedCommand) throws(UsageError) -> [(name: String, text: String)] {
        var given: [(name: String, text: String)] = []
        for value in parsed.values(of: "param") {
            guard let text = String(validating: value.bytes, as: UTF8.self) else {
                throw parsed.refusal(of: value, option: "param", because: "is not UTF-8")
            }
            guard let end = text.unicodeScalars.firstIndex(of: "="), end > text.startIndex else {
                throw parsed.refusal(of: value, option: "param", because: "is not NAME=VALUE")
            }
            let rest = text.unicodeScalars[end...].dropFirst()
            given.append((name: String(text.unicodeScalars[..<end]), text: String(rest)))
        }
        return given
    }

    /// A number only if it is written as SQLite writes it: `007` is a name, perhaps.
    private static func value(_ text: String) -> SQLiteValue {
        if let number = Int64(text), String(number) == text { return .integer(number) }
        if let number = Double(text), number.isFinite, String(number) == text { return .real(number) }
        return .text(text)
    }

    private static func repetition(of name: String, _ parsed: ParsedCommand) -> UsageError {
        parsed.usageError("parameter '\(PrintableText.escaping(name))' is given twice")
    }

    private static func unknown(
        _ name: String, known: [String], of owner: String, _ parsed: ParsedCommand
    ) -> UsageError {
        let others = known.map { "'\(PrintableText.escaping($0))'" }.joined(separator: ", ")
        let hint = known.isEmpty ? "it takes none" : "it takes \(others)"
        return parsed.usageError("\(owner) has no parameter '\(PrintableText.escaping(name))': \(hint)")
    }
}
