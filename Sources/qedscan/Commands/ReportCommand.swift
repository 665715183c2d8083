import CommandSyntax
import ReportStore

/// `qedscan report [NAME]`
struct ReportCommand: Command {
    static let spec = CommandSpec(
        "report", summary: "answer a question about the pool",
        discussion: ["Without a name, lists the reports with the question that each answers."],
        options: [RowFormat.option],
        operands: [
            OperandSpec("NAME", kind: .oneOf(Report.all.map(\.name)), help: "the report", optional: true)
        ],
        examples: [.init("qedscan report leaked-space --format csv", "Prints where space is wasted, as CSV.")])

    private let parsed: ParsedCommand
    private let report: Report?
    private let format: RowFormat

    init(_ parsed: ParsedCommand) throws(UsageError) {
        self.parsed = parsed
        report = parsed.operand("NAME").flatMap { Report.named($0.text) }
        format = try RowFormat(parsed)
    }

    func run() throws(UsageError) -> ExitStatus {
        let palette = try Palette(parsed)
        guard let report else { return listReports(palette) }
        guard let store = try StoreLocation.openToRead(parsed) else { return .failed }
        if parsed.has("verbose"), format == .table { describe(report, palette) }
        return Question(sql: report.sql, format: format, palette: palette, roundsBytes: true).ask(store.database)
    }

    private func listReports(_ palette: Palette) -> ExitStatus {
        var writer = format.writer(columns: ["report", "question"], palette: palette)
        for report in Report.all { writer.write([.text(report.name), .text(report.question)]) }
        writer.finish()
        return .wellDone
    }

    private func describe(_ report: Report, _ palette: Palette) {
        StandardOutput.writeLine(palette.bold(report.question))
        for column in report.columns { StandardOutput.writeLine("  " + column) }
        StandardOutput.writeLine()
    }
}
