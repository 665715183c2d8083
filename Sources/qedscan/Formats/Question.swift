import CommandSyntax
import Files
import SQLite
import Store

/// A statement and how to print its rows.
struct Question {
    let sql: String
    let values: ParameterValues
    let format: AnswerFormat
    let palette: Palette
    var roundsBytes = false

    /// Prints the rows.
    ///
    /// - Throws: if the values do not fit the statement's parameters.
    func ask(_ database: Database) throws(UsageError) -> ExitStatus {
        guard let statement = prepare(in: database) else { return .failed }
        try values.requireFit(to: statement)
        do throws(SQLiteError) {
            try values.bind(to: statement)
            let columns = statement.columnNames
            var writer = format.writer(columns: columns, palette: palette, roundsBytes: roundsBytes)
            while try statement.step() { writer.write(try statement.row()) }
            writer.finish()
            return .success
        } catch {
            return report(error)
        }
    }

    /// The statement, or nil, with the reason on stderr, if it is not a query.
    private func prepare(in database: Database) -> Statement? {
        do throws(SQLiteError) {
            try database.restrictToQueries()
            let statement = try database.prepare(sql)
            guard statement.isReadOnly else {
                Diagnostic.error("the statement would write to the store, which is opened read-only")
                return nil
            }
            guard statement.columnCount > 0 else {
                Diagnostic.error("the statement returns no rows, so it is not a query")
                return nil
            }
            return statement
        } catch {
            _ = report(error)
            return nil
        }
    }

    private func report(_ error: SQLiteError) -> ExitStatus {
        // A mistake in the statement is not an error of the store.
        Diagnostic.error(error.code.primary == .error ? "error in the statement: \(error.message)" : error.description)
        return .failed
    }
}

/// The values that `--param` gives to the parameters of a statement. They are bound, and never become part of its text.
struct ParameterValues {
    static let option = OptionSpec(
        "param", short: "p", value: "NAME=VALUE", help: "set a parameter to a value", repeatable: true)

    private let parsed: ParsedCommand
    /// By name, without the sign before it.
    private var values: [String: SQLiteValue] = [:]

    /// Values for any statement: a value that looks like a number is a number, and any other is text.
    init(_ parsed: ParsedCommand) throws(UsageError) {
        self.parsed = parsed
        for (name, text) in try ParameterValues.given(parsed) {
            guard values[name] == nil else { throw ParameterValues.repetition(of: name, parsed) }
            values[name] = ParameterValues.value(text)
        }
    }

    /// Values for a report: whole numbers, or the defaults.
    ///
    /// - Parameter report: nil for the list of reports, which has no parameters.
    init(_ parsed: ParsedCommand, for report: Report?) throws(UsageError) {
        self.parsed = parsed
        let given = try ParameterValues.given(parsed)
        guard let report else {
            guard given.isEmpty else { throw parsed.usageError("--param can be used only with the name of a report") }
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
                throw parsed.usageError("parameter '\(name)': '\(shown)' is not a whole number of 0 or more")
            }
            values[name] = .integer(number)
        }
        values.merge(ParameterValues.defaults(of: report)) { given, _ in given }
    }

    /// The defaults of a report.
    init(_ parsed: ParsedCommand, defaultsOf report: Report) {
        self.parsed = parsed
        values = ParameterValues.defaults(of: report)
    }

    /// Throws unless the statement has all these parameters and no others.
    func requireFit(to statement: Statement) throws(UsageError) {
        let names = statement.parameterNames.map { $0.map(ParameterValues.plainName) }
        let known = names.compactMap(\.self)
        if let name = values.keys.sorted().first(where: { !known.contains($0) }) {
            throw ParameterValues.unknown(name, known: known, of: "the statement", parsed)
        }
        for name in names {
            guard let name else {
                throw parsed.usageError("the statement has a parameter without a name; write it as ':name'")
            }
            guard values[name] != nil else {
                let shown = PrintableText.escaping(name)
                throw parsed.usageError("parameter '\(shown)' of the statement has no value; add '-p \(shown)=VALUE'")
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

    /// The name without the sign before it. Goes by scalars, since a combining character may follow the sign.
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

    /// A number only if it is written as SQLite writes it: `007` may be a name.
    private static func value(_ text: String) -> SQLiteValue {
        if let number = Int64(text), String(number) == text { return .integer(number) }
        if let number = Double(text), number.isFinite, String(number) == text { return .real(number) }
        return .text(text)
    }

    private static func repetition(of name: String, _ parsed: ParsedCommand) -> UsageError {
        parsed.usageError("parameter '\(PrintableText.escaping(name))' is given more than once")
    }

    private static func unknown(
        _ name: String, known: [String], of owner: String, _ parsed: ParsedCommand
    ) -> UsageError {
        let others = known.map { "'\(PrintableText.escaping($0))'" }.joined(separator: ", ")
        let hint = known.isEmpty ? "it has no parameters" : "it has \(others)"
        return parsed.usageError("\(owner) has no parameter '\(PrintableText.escaping(name))': \(hint)")
    }
}
