import CommandSyntax
import Files
import Store

/// `qedscan report [NAME]`
struct ReportCommand: Command {
    static let spec = CommandSpec(
        "report", summary: "print a report about the pool",
        discussion: [
            "Without NAME, lists all reports, the question that each of them answers, and its parameters. With "
                + "--verbose, NAME first describes its parameters and columns.",
            "With --html, writes a page about the whole pool. The mode of the file is 0600, because it contains names "
                + "of images and offsets in the guests' disks.",
        ],
        options: [
            AnswerFormat.option, ParameterValues.option,
            OptionSpec(
                "html", value: "PATH", kind: .file,
                help: "write an HTML page about the whole pool to this file, or to index.html in this directory"),
        ],
        operands: [
            OperandSpec("NAME", kind: .oneOf(Report.all.map(\.name)), help: "name of the report", optional: true)
        ],
        examples: [
            .init("qedscan report leaked-space --format csv", "Lists images that waste space, as CSV."),
            .init("qedscan report largest -p limit=5", "Lists the five largest images."),
            .init("qedscan report --html pool.html", "Writes the state of the pool as an HTML page."),
        ])

    private let parsed: ParsedCommand
    private let report: Report?
    private let format: AnswerFormat
    private let values: ParameterValues
    private let pagePath: RawPath?

    init(_ parsed: ParsedCommand) throws(UsageError) {
        self.parsed = parsed
        report = parsed.operand("NAME").flatMap { Report.named($0.text) }
        format = try AnswerFormat(parsed)
        values = try ParameterValues(parsed, for: report)
        pagePath = parsed.value(of: "html").map { RawPath(bytes: $0.bytes) }
        if pagePath != nil, report != nil || parsed.has("format") {
            throw parsed.usageError("--html cannot be combined with a report or --format")
        }
    }

    func run() throws(UsageError) -> ExitStatus {
        let palette = try Palette(parsed)
        if let pagePath { return try writePage(to: pagePath) }
        guard let report else { return listReports(palette) }
        guard let store = try StoreLocation.openToRead(parsed) else { return .failed }
        if parsed.has("verbose"), format == .table { describe(report, palette) }
        return try Question(sql: report.sql, values: values, format: format, palette: palette, roundsBytes: true)
            .ask(store.database)
    }

    private func writePage(to path: RawPath) throws(UsageError) -> ExitStatus {
        let storePath = try StoreLocation.path(parsed)
        guard let store = try StoreLocation.openToRead(parsed) else { return .failed }
        return ExitStatus.reporting { () throws(PageError) in
            let commands = PageCommands(
                storePath: PageCommands.named(parsed, storePath), isMerged: try PageError.wrap(store.isMerged))
            try PageWriter(storePath: storePath, commands: commands).write(store, to: path)
            return .success
        }
    }

    private func listReports(_ palette: Palette) -> ExitStatus {
        var writer = format.writer(columns: ["report", "question", "parameters"], palette: palette)
        for report in Report.all {
            let parameters = report.parameters.map { "\($0.name)=\($0.defaultText)" }.joined(separator: " ")
            writer.write([
                .text(report.name), .text(report.question), parameters.isEmpty ? .null : .text(parameters),
            ])
        }
        writer.finish()
        return .success
    }

    private func describe(_ report: Report, _ palette: Palette) {
        StandardOutput.writeLine(palette.bold(report.question))
        for parameter in report.parameters {
            StandardOutput.writeLine("  -p \(parameter.name)=\(parameter.defaultText): \(parameter.meaning)")
        }
        for column in report.columns { StandardOutput.writeLine("  " + column) }
        StandardOutput.writeLine()
    }
}
