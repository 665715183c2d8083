import CommandSyntax
import Files
import Store

/// `qedscan status --nagios`: a monitoring plugin. Whatever goes wrong with itself is UNKNOWN.
struct NagiosCheck {
    static let option = "nagios"
    private static let hostOption = "host"
    static let options = [
        OptionSpec(
            option,
            help: "answer as a monitoring plugin: a line with performance data; status 0 OK, 1 WARNING, 2 CRITICAL, "
                + "3 UNKNOWN"),
        OptionSpec(
            "max-age", value: "TIME", help: "with --nagios: an older latest complete scan is CRITICAL", default: "8d"),
        OptionSpec(
            hostOption, value: "HOST",
            help: "with --nagios: for the images of a host, or of 'pool:' and a pool's name, alone; else for this "
                + "machine's and its pools', and in a merged store for all"),
    ]
    static let operand = OperandSpec(
        "PATH", kind: .file, help: "with --nagios: the paths of a scan, exactly, for its images alone", optional: true,
        repeating: true)

    private let maximumAge: Duration
    private let host: String?
    private let roots: [RawPath]
    private let parsed: ParsedCommand

    init(_ parsed: ParsedCommand) throws(UsageError) {
        self.parsed = parsed
        maximumAge = try parsed.duration(of: "max-age") ?? .seconds(8 * 86_400)
        host = parsed.value(of: NagiosCheck.hostOption)?.text
        roots = parsed.operands(named: "PATH").map { RawPath(bytes: $0.bytes) }
    }

    func run() throws(UsageError) -> ExitStatus {
        let path = try StoreLocation.path(parsed)
        return NagiosCheck.show(output(ofStore: path))
    }

    /// The answer to a command line that cannot be used.
    static func refuse(_ error: UsageError) -> ExitStatus { show(NagiosOutput(unknown: error.description)) }

    /// The answer when standard output could not be written.
    static let failed = ExitStatus(rawValue: NagiosOutput.State.unknown.rawValue)

    private func output(ofStore path: String) -> NagiosOutput {
        do throws(StoreError) {
            let store = try ScanStore(reading: path)
            let roots = try roots.isEmpty ? nil : store.rootsText(roots.map(\.resolvedIfThere))
            let now = Double(Clock.wall.now) / 1e9
            let age = Double(maximumAge.components.seconds)
            let scope = try scope(of: store)
            let figures = try store.poolFigures(scope, roots: roots, errorsSince: now - age)
            return NagiosOutput(figures, now: now, maximumAge: age, scope: describe(scope))
        } catch {
            return NagiosOutput(unknown: error.description)
        }
    }

    private func scope(of store: ScanStore) throws(StoreError) -> HostScope {
        if let host { return .host(host) }
        return try store.isMerged() ? .all : .node(Host.name)
    }

    private func describe(_ scope: HostScope) -> String {
        if !roots.isEmpty { return "exactly " + roots.printable }
        return switch scope {
        case .node(let host), .host(let host): PrintableText.escaping(Pool.describe(host: host))
        case .all: "any host"
        }
    }

    private static func show(_ output: NagiosOutput) -> ExitStatus {
        StandardOutput.writeLine(output.line)
        return ExitStatus(rawValue: output.state.rawValue)
    }
}
