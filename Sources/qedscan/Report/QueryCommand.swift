import CommandSyntax
import Store

/// `qedscan query SQL`
struct QueryCommand: Command {
    static let spec = CommandSpec(
        "query", summary: "run an SQL query on the store",
        discussion: [
            "The store is opened read-only. A statement that writes is refused. The main views are latest_check, "
                + "image_history, backing_problem, scan_summary, scan_change and repair_history.",
            "Set a parameter such as :name with -p name=value. A value that looks like a number is a number; any other "
                + "value is text.",
        ],
        options: [AnswerFormat.option, ParameterValues.option],
        operands: [OperandSpec("SQL", help: "one SELECT statement")],
        examples: [
            .init(
                "qedscan query \"SELECT path, leaks FROM latest_check WHERE leaks > 0 ORDER BY leaks DESC\"",
                "Lists images with leaks."),
            .init(
                "qedscan query \"SELECT outcome FROM latest_check WHERE path = :path\" -p \"path=$PWD/vm.qed\"",
                "Prints the outcome for one image, whatever characters are in its name."),
        ])

    private let parsed: ParsedCommand
    private let sql: String
    private let format: AnswerFormat
    private let values: ParameterValues

    init(_ parsed: ParsedCommand) throws(UsageError) {
        guard let sql = parsed.operand("SQL").flatMap({ String(validating: $0.bytes, as: UTF8.self) }) else {
            throw parsed.usageError("the statement is not UTF-8")
        }
        self.sql = sql
        self.parsed = parsed
        format = try AnswerFormat(parsed)
        values = try ParameterValues(parsed)
    }

    func run() throws(UsageError) -> ExitStatus {
        guard let store = try StoreLocation.openToRead(parsed) else { return .failed }
        return try Question(sql: sql, values: values, format: format, palette: Palette(parsed)).ask(store.database)
    }
}
