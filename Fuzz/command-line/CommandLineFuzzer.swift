import Files
import FuzzDriver

@testable import CommandSyntax
@testable import SQLite
@testable import Store
@testable import qedscan

/// Command lines, up to the point where a command would begin its work; and SQL text, up to where it would run.
///
/// An input is a byte of choices and then arguments, each ended by a NUL or a newline; or SQL.
@main
enum CommandLineFuzzer: FuzzTarget {
    private static let parser = CommandParser(Program.spec)
    // One thread calls it.
    nonisolated(unsafe) private static let database: Database? = {
        do throws(SQLiteError) {
            return try Database(inMemory: ())
        } catch {
            return nil
        }
    }()

    static func run(_ input: FuzzInput) {
        var input = input
        let choice: UInt8 = input.integer()
        let bytes = input.remainder()
        if choice & 7 == 7 { return testSQL(bytes) }
        let arguments = bytes.split(omittingEmptySubsequences: false) { $0 == 0 || $0 == UInt8(ascii: "\n") }
            .map { RawArgument(bytes: Array($0)) }
        do throws(UsageError) {
            let parsed = try parser.parse(arguments)
            test(parsed, arguments)
            testValues(parsed)
            guard !parsed.helpRequested, let name = parsed.names.first,
                let command = Program.commands.first(where: { $0.spec.name == name })
            else { return }
            _ = try command.init(parsed)
        } catch {
            requirePrintable(error.description)
            requirePrintable(error.hint)
            require(error.command.hasPrefix(Release.name), "an error of no command")
        }
    }

    // MARK: - Arguments

    /// No argument is lost or invented.
    private static func test(_ parsed: ParsedCommand, _ arguments: [RawArgument]) {
        require(
            parsed.operands.count + parsed.occurrences.count <= arguments.reduce(0) { $0 + max($1.bytes.count, 1) },
            "more than was given")
        for operand in parsed.operands { require(arguments.contains(operand), "an operand that was not given") }
        require(parsed.path.command.subcommands.isEmpty || parsed.helpRequested, "a command is missing")
        let text = HelpText(parsed.path).render(width: arguments.count * 7 % 200)
        require(text.hasSuffix("\n"), "help without an end")
    }

    /// Each value that an option has, as each type.
    private static func testValues(_ parsed: ParsedCommand) {
        for option in parsed.path.declaredOptions where !option.isFlag && parsed.has(option.name) {
            let name = option.name
            attempt { () throws(UsageError) in
                let number = try parsed.integer(of: name, in: -5...1000)
                require(number.map { (-5...1000).contains($0) } == true, "a number out of its range")
            }
            attempt { () throws(UsageError) in
                let seconds = try parsed.duration(of: name)
                require(seconds.map { $0 >= .zero } == true, "a time before now")
            }
            attempt { () throws(UsageError) in
                let bytes = try parsed.byteCount(of: name)
                require(bytes.map { $0 >= 0 } == true, "fewer bytes than none")
                requireValue(bytes ?? 0, of: parsed.value(of: name)?.text ?? "")
            }
        }
    }

    /// The number is the text's, by another way of reading.
    private static func requireValue(_ number: Int, of text: String) {
        let shift = Array("kmgt").firstIndex { text.lowercased().hasSuffix(String($0)) }.map { 10 * ($0 + 1) } ?? 0
        let digits = shift == 0 ? text : String(text.dropLast())
        let expected = UInt64(digits).map { $0.multipliedReportingOverflow(by: 1 << UInt64(shift)) }
        require(expected?.overflow == false && expected?.partialValue == UInt64(number), "\(text) is not \(number)")
    }

    private static func attempt(_ body: () throws(UsageError) -> Void) {
        do throws(UsageError) {
            try body()
        } catch {
            requirePrintable(error.description)
        }
    }

    private static func requirePrintable(_ text: String) {
        require(text == PrintableText.escaping(text, doublingBackslashes: false), "not printable: \(Array(text.utf8))")
    }

    // MARK: - SQL

    private static func testSQL(_ bytes: [UInt8]) {
        guard let database, let sql = String(validating: bytes, as: UTF8.self) else { return }
        let scanner = SQLScanner(bytes[...])
        do throws(SQLiteError) {
            var script = try SQLScript(sql, database: database)
            require(script.isAtEnd == scanner.isBlank, "two opinions of what is blank")
            var count = 0
            while let statement = try script.next() {
                count += 1
                require(!statement.sql.isEmpty, "a statement without a text")
                let keyword = SQLScanner(Array(statement.sql.utf8)[...]).leadingKeyword
                require(keyword == keyword.uppercased(), "a keyword in small letters")
                _ = (statement.columnNames, statement.parameterNames, statement.isReadOnly)
            }
            require(script.isAtEnd, "an end before the end")
            require(!scanner.isBlank || count == 0, "a statement in blank text")
        } catch {
            let text = error.description
            require(!text.unicodeScalars.contains { $0.properties.generalCategory == .control }, "a control character")
        }
    }
}
