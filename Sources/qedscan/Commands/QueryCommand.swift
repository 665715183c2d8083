import CommandSyntax
import Store

/// `qedscan query SQL`
struct QueryCommand: Command {
    static let spec = CommandSpec(
        "query", summary: "ask the store a question in SQL",
        discussion: [
            "The store is opened read-only: a statement that writes is refused.",
            "A parameter such as :name takes its value from -p name=value. A value that reads like a number is a number, "
                + "any other is a text.",
        ],
        options: [AnswerFormat.option, ParameterValues.option],
        operands: [OperandSpec("SQL", help: "one statement")],
        examples: [
            .init(
                "qedscan query \"SELECT path, leaks FROM latest_check WHERE leaks > 0 ORDER BY leaks DESC\"",
                "Lists the images with leaks."),
            .init(
                "qedscan query \"SELECT outcome FROM latest_check WHERE path = :path\" -p \"path=$PWD/vm.qed\"",
                "Asks about an image whose name may need no quoting in SQL."),
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
