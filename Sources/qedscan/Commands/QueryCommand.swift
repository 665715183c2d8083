import CommandSyntax
import ReportStore

/// `qedscan query SQL`
struct QueryCommand: Command {
    static let spec = CommandSpec(
        "query", summary: "ask the store a question in SQL",
        discussion: ["The store is opened read-only: a statement that writes is refused."],
        options: [RowFormat.option],
        operands: [OperandSpec("SQL", help: "one statement")],
        examples: [
            .init(
                "qedscan query \"SELECT path, leaks FROM latest_check WHERE leaks > 0 ORDER BY leaks DESC\"",
                "Lists the images with leaks.")
        ])

    private let parsed: ParsedCommand
    private let sql: String
    private let format: RowFormat

    init(_ parsed: ParsedCommand) throws(UsageError) {
        guard let sql = parsed.operand("SQL").flatMap({ String(validating: $0.bytes, as: UTF8.self) }) else {
            throw parsed.usageError("the statement is not UTF-8")
        }
        self.sql = sql
        self.parsed = parsed
        format = try RowFormat(parsed)
    }

    func run() throws(UsageError) -> ExitStatus {
        guard let store = try StoreLocation.openToRead(parsed) else { return .failed }
        return Question(sql: sql, format: format, palette: try Palette(parsed)).ask(store.database)
    }
}

/// One statement whose rows are printed.
struct Question {
    let sql: String
    let format: RowFormat
    let palette: Palette
    var roundsBytes = false

    func ask(_ database: Database) -> ExitStatus {
        do throws(SQLiteError) {
            try database.restrictToQueries()
            let statement = try database.prepare(sql)
            guard statement.isReadOnly else {
                Diagnostic.error("the statement would write, and the store is only read here")
                return .failed
            }
            let columns = statement.columnNames
            guard !columns.isEmpty else {
                Diagnostic.error("the statement gives no rows: it is no question")
                return .failed
            }
            var writer = format.writer(columns: columns, palette: palette, roundsBytes: roundsBytes)
            while try statement.step() { writer.write(try statement.row()) }
            writer.finish()
            return .wellDone
        } catch {
            // A mistake in the statement is not the store's.
            Diagnostic.error(error.code.primary == .error ? "the statement: \(error.message)" : error.description)
            return .failed
        }
    }
}
