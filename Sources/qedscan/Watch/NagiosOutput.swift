import CommandSyntax
import Files
import Glibc
import PoolScan
import QED
import Store

/// What a monitoring plugin prints: one line of text, and performance data (Monitoring Plugins Development Guidelines).
struct NagiosOutput {
    /// The exit status of a plugin.
    enum State: Int32, Comparable {
        case ok = 0
        case warning = 1
        case critical = 2
        case unknown = 3

        static func < (a: State, b: State) -> Bool { a.rawValue < b.rawValue }

        var name: String {
            switch self {
            case .ok: "OK"
            case .warning: "WARNING"
            case .critical: "CRITICAL"
            case .unknown: "UNKNOWN"
            }
        }
    }

    let state: State
    let line: String

    /// - Parameters:
    ///   - now: seconds since 1970.
    ///   - maximumAge: of the last complete scan, in seconds.
    ///   - scope: what they are of, in words.
    init(_ figures: PoolFigures, now: Double, maximumAge: Double, scope: String) {
        var findings: [(state: State, text: String)] = []
        func find(_ state: State, _ count: Int, _ what: String) {
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
        find(.warning, figures.unfinishedRepairs, "repairs to settle")
        // A pool that is empty has lost its images, or its file system is not mounted.
        if figures.images == 0 {
            findings.append((.warning, "no image is there (any more: \(figures.missing) are missing)"))
        }
        let state = findings.map(\.state).max() ?? .ok
        let words = findings.sorted { $0.state > $1.state }.map(\.text)
        let what = words.isEmpty ? "nothing is wrong" : words.joined(separator: ", ")
        let data = NagiosOutput.performanceData(figures, age: age, maximumAge: maximumAge)
        self.init(
            state: state,
            line: "QEDSCAN \(state.name) - \(figures.images) image\(figures.images == 1 ? "" : "s"): \(what) | \(data)")
    }

    /// What is known of some hosts or pools is too old, a text for each.
    private static func lateness(_ completions: [LastCompleteScan], now: Double, maximumAge: Double) -> [String] {
        completions.compactMap { completion in
            let host = PrintableText.escaping(Pool.describe(host: completion.host))
            guard let time = completion.finishedAt else { return "no complete scan of \(host)" }
            guard now - time > maximumAge else { return nil }
            let whose = completions.count > 1 ? " of \(host)" : ""
            return "last complete scan\(whose) \(days(now - time)) ago"
        }
    }

    /// - Parameter reason: printable; a bar in it would begin the performance data.
    init(unknown reason: String) {
        let line = reason.map { $0 == "|" || $0.isNewline ? " " : String($0) }.joined()
        self.init(state: .unknown, line: "QEDSCAN UNKNOWN - " + line)
    }

    private init(state: State, line: String) {
        self.state = state
        self.line = line
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
        // That somebody deletes an image is nothing wrong.
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
