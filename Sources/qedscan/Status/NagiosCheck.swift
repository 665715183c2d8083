import CommandSyntax
import Files
import Glibc
import PoolScan
import QED
import Store

/// The exit status of a monitoring plugin. If the plugin itself fails, that is UNKNOWN.
enum NagiosStatus: Int32, Comparable, ProcessStatus {
    case ok = 0
    case warning = 1
    case critical = 2
    case unknown = 3

    static let success = NagiosStatus.ok
    static let failed = NagiosStatus.unknown

    static func < (a: NagiosStatus, b: NagiosStatus) -> Bool { a.rawValue < b.rawValue }

    var code: Int32 { rawValue }

    var name: String {
        switch self {
        case .ok: "OK"
        case .warning: "WARNING"
        case .critical: "CRITICAL"
        case .unknown: "UNKNOWN"
        }
    }

    static func refuse(_ error: UsageError) -> NagiosStatus { NagiosOutput(unknown: error.description).print() }
}

/// What a monitoring plugin prints: one line of text, and performance data (Monitoring Plugins Development Guidelines).
struct NagiosOutput {
    let state: NagiosStatus
    let line: String

    /// - Parameters:
    ///   - now: seconds since 1970.
    ///   - maximumAge: of the last complete scan, in seconds.
    ///   - scope: whose images they are, in words.
    init(_ figures: PoolFigures, now: Double, maximumAge: Double, scope: String) {
        var findings: [(state: NagiosStatus, text: String)] = []
        func find(_ state: NagiosStatus, _ count: Int, _ what: String) {
            if count > 0 { findings.append((state, "\(count) \(what)")) }
        }
        guard let completion = figures.lastCompletion else {
            self.init(unknown: "the store has no complete scan of \(scope)")
            return
        }
        let age = now - completion
        findings += NagiosOutput.lateness(figures.completions, now: now, maximumAge: maximumAge).map { (.critical, $0) }
        find(.critical, figures.treeLost, "with lost tables")
        find(.critical, figures.outcomes[.corrupt] ?? 0, "corrupt")
        find(.critical, figures.outcomes[.invalid] ?? 0, "invalid")
        find(.warning, figures.outcomes[.incomplete] ?? 0, "incomplete")
        find(.warning, figures.outcomes[.unsupported] ?? 0, "unsupported")
        find(.warning, figures.outcomes[.leaking] ?? 0, "leaking")
        find(.warning, figures.dirty, "dirty")
        find(.warning, figures.pathErrors, "not readable")
        find(.warning, figures.unfinishedRepairs, "interrupted repairs")
        // An empty pool has lost its images, or its file system is not mounted.
        if figures.images == 0 {
            findings.append((.warning, "no image is present (\(figures.missing) missing)"))
        }
        let state = findings.map(\.state).max() ?? .ok
        let words = findings.sorted { $0.state > $1.state }.map(\.text)
        let what = words.isEmpty ? "no problems" : words.joined(separator: ", ")
        let data = NagiosOutput.performanceData(figures, age: age, maximumAge: maximumAge)
        self.init(
            state: state,
            line: "QEDSCAN \(state.name) - \(Count.text(figures.images, "image")): \(what) | \(data)")
    }

    /// A text for each host or pool whose last complete scan is too old.
    private static func lateness(_ completions: [LastCompleteScan], now: Double, maximumAge: Double) -> [String] {
        completions.compactMap { completion in
            let host = PrintableText.escaping(Pool.describe(host: completion.host))
            guard let time = completion.finishedAt else { return "no complete scan of \(host)" }
            guard now - time > maximumAge else { return nil }
            let whose = completions.count > 1 ? " of \(host)" : ""
            return "last complete scan\(whose) \(days(now - time)) ago"
        }
    }

    /// - Parameter reason: printable. Bars are replaced, since performance data begins with one.
    init(unknown reason: String) {
        let line = reason.map { $0 == "|" || $0.isNewline ? " " : String($0) }.joined()
        self.init(state: .unknown, line: "QEDSCAN UNKNOWN - " + line)
    }

    private init(state: NagiosStatus, line: String) {
        self.state = state
        self.line = line
    }

    /// Prints the line and returns the status.
    func print() -> NagiosStatus {
        StandardOutput.writeLine(line)
        return state
    }

    /// `label=value[unit];warning;critical;minimum`.
    private static func performanceData(_ figures: PoolFigures, age: Double, maximumAge: Double) -> String {
        var data = Outcome.allCases.map { outcome in
            let count = figures.outcomes[outcome] ?? 0
            return switch outcome {
            case .corrupt, .invalid: "\(outcome.rawValue)=\(count);;0;0"
            case .leaking, .incomplete, .unsupported: "\(outcome.rawValue)=\(count);0;;0"
            case .clean, .inUse, .changing: "\(outcome.rawValue)=\(count);;;0"
            }
        }
        data.append("tree_lost=\(figures.treeLost);;0;0")
        data.append("dirty=\(figures.dirty);0;;0")
        // A deleted image is not a problem.
        data.append("missing=\(figures.missing);;;0")
        data.append("leaked=\(Decimal.text(figures.leakedBytes, places: 0))B;;;0")
        data.append("age=\(Decimal.text(age, places: 0))s;;\(Decimal.text(maximumAge, places: 0));0")
        if let scan = figures.lastScan {
            data.append("duration=\(Decimal.text(scan.finishedAt - scan.startedAt, places: 3))s;;;0")
        }
        return data.joined(separator: " ")
    }

    private static func days(_ seconds: Double) -> String { "\(Decimal.text(seconds / 86_400, places: 1)) days" }
}

/// `qedscan status --nagios`: a monitoring plugin.
struct NagiosCheck: Command {
    static var spec: CommandSpec { StatusCommand.spec }

    static let option = "nagios"
    private static let hostOption = "host"
    static let options = [
        OptionSpec(
            option,
            help: "act as a monitoring plugin: print one line with performance data; exit with 0 OK, 1 WARNING, "
                + "2 CRITICAL, 3 UNKNOWN"),
        OptionSpec(
            "max-age", value: "TIME", help: "with --nagios: CRITICAL if the last complete scan is older than this",
            default: "8d"),
        OptionSpec(
            hostOption, value: "HOST",
            help:
                "with --nagios: only images of this host, or pool:NAME for a pool",
            default: "this machine and its pools; in a merged store, all hosts"),
    ]
    static let operand = OperandSpec(
        "PATH", kind: .file, help: "with --nagios: only the scans of exactly these paths",
        optional: true,
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

    func run() throws(UsageError) -> NagiosStatus {
        let path = try StoreLocation.path(parsed)
        return output(ofStore: path).print()
    }

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
}
