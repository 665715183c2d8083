import CommandSyntax
import Store

/// `qedscan status`
struct StatusCommand: Command {
    static let spec = CommandSpec(
        "status", summary: "show the progress of the running scan, or how the last one ended",
        discussion: [
            "Can be used while a scan runs. The numbers of a running scan are about a second old. If no scan is running, "
                + "shows the last scan of each host or pool, and of each shard."
        ],
        options: [
            OptionSpec(
                "format", value: "FORMAT", kind: .oneOf(cases: AnswerFormat.self),
                help: "print a row for each host, pool or shard in this format, instead of text")
        ] + NagiosCheck.options,
        operands: [NagiosCheck.operand],
        examples: [
            .init("qedscan status", "Shows the progress of the scan."),
            .init("watch -n 5 qedscan status", "Shows it every five seconds."),
            .init("qedscan status --nagios --max-age 2d /srv/vm", "Reports to a monitoring system."),
        ])

    private let parsed: ParsedCommand
    private let format: AnswerFormat?

    init(_ parsed: ParsedCommand) throws(UsageError) {
        self.parsed = parsed
        format = parsed.has("format") ? try AnswerFormat(parsed) : nil
        for option in [
            parsed.has("max-age") ? "--max-age" : nil, parsed.has("host") ? "--host" : nil,
            parsed.operands(named: "PATH").isEmpty ? nil : "PATH",
        ] {
            if let option { throw parsed.usageError("\(option) can be used only with --\(NagiosCheck.option)") }
        }
    }

    func run() throws(UsageError) -> ExitStatus {
        let palette = try Palette(parsed)
        let path = try StoreLocation.path(parsed)
        guard let store = try StoreLocation.openToRead(parsed) else { return .failed }
        return ExitStatus.reporting { () throws(StoreError) in
            let status = try PoolStatus(store) { () throws(StoreError) in try RunLock.holder(storePath: path) }
            if let format {
                StatusRows.print(status, format, palette)
            } else {
                StatusText(palette: palette).print(status)
            }
            try store.close()
            return .success
        }
    }
}
