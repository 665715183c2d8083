import CommandSyntax
import Store

/// `qedscan status`
struct StatusCommand: Command {
    static let spec = CommandSpec(
        "status", summary: "how far the running scan is, or how the last one ended",
        discussion: [
            "Reads the store while a scan runs, from another terminal. The numbers of a running scan are about a second "
                + "old. Without a running scan, the last one of each host or pool, and of each shard."
        ],
        options: [
            OptionSpec(
                "format", value: "FORMAT", kind: .oneOf(cases: AnswerFormat.self),
                help: "print one row per host, pool or shard instead of sentences")
        ] + NagiosCheck.options,
        operands: [NagiosCheck.operand],
        examples: [
            .init("qedscan status", "Says how far the scan is."),
            .init("watch -n 5 qedscan status", "Keeps saying so."),
            .init("qedscan status --nagios --max-age 2d /srv/vm", "Answers a monitoring system."),
        ])

    private let parsed: ParsedCommand
    private let format: AnswerFormat?
    private let nagios: NagiosCheck?

    init(_ parsed: ParsedCommand) throws(UsageError) {
        self.parsed = parsed
        format = parsed.has("format") ? try AnswerFormat(parsed) : nil
        nagios = parsed.has(NagiosCheck.option) ? try NagiosCheck(parsed) : nil
        guard nagios == nil else { return }
        for option in [
            parsed.has("max-age") ? "--max-age" : nil, parsed.has("host") ? "--host" : nil,
            parsed.operands(named: "PATH").isEmpty ? nil : "PATH",
        ] {
            if let option { throw parsed.usageError("\(option) goes with --\(NagiosCheck.option) only") }
        }
    }

    func run() throws(UsageError) -> ExitStatus {
        if let nagios { return try nagios.run() }
        let palette = try Palette(parsed)
        let path = try StoreLocation.path(parsed)
        guard let store = try StoreLocation.openToRead(parsed) else { return .failed }
        do throws(StoreError) {
            let status = try PoolStatus(store) { () throws(StoreError) in try RunLock.holder(storePath: path) }
            if let format {
                StatusRows.print(status, format, palette)
            } else {
                StatusText(palette: palette).print(status)
            }
            try store.close()
            return .success
        } catch {
            Diagnostic.error(error.description)
            return .failed
        }
    }
}
