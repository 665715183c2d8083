import CommandSyntax
import Files
import PoolScan
import ScanModel
import Store

/// The output of a scan, while it runs and at its end: for people, for programs (`--log-format json`), or as an email with
/// the news (`--only-changes`).
struct ScanOutput: Sendable {
    let tellsNews: Bool
    private let isQuiet: Bool
    private let isVerbose: Bool
    private let palette: Palette
    private let errors = PathErrorPrinter()
    private let problems = ProblemList()

    init(_ parsed: ParsedCommand, _ palette: Palette) {
        tellsNews = parsed.has("only-changes")
        isQuiet = parsed.has("quiet")
        isVerbose = parsed.has("verbose")
        self.palette = palette
    }

    private var isLog: Bool { Diagnostic.format == .json }

    func begin(_ record: ScanRecord, _ shard: ShardRequest?) {
        if isLog, !isQuiet { EventLog.begin(record, shard) }
    }

    /// Called by any worker.
    func add(_ event: ScanEvent) {
        guard !tellsNews else { return }
        if isLog {
            EventLog.write(event)
        } else if case .failed(let error) = event {
            errors.add(error)
        }
        if isVerbose { problems.add(event) }
    }

    /// - Parameter news: asks the store for the news; called only if they are to be printed.
    func end(
        _ summary: ScanSummary, _ status: ExitStatus, news: () throws(StoreError) -> ScanNews
    ) throws(StoreError) {
        if isLog, !isQuiet { EventLog.end(summary, status: status) }
        if tellsNews {
            return ScanNewsText(news: try news(), wasInterrupted: summary.stop == .signal).print(palette)
        }
        errors.print()
        problems.print()
        for error in summary.totals.unmounted {
            Diagnostic.error(PrintableText.escaping(Array(error.message.utf8)))
        }
        if !isQuiet || summary.isWorthMail { summary.print(palette) }
    }
}

/// Collects the paths that a scan could not read, and prints the first of them at its end.
final class PathErrorPrinter: Sendable {
    private static let limit = 20
    private let errors = Locked<(count: Int, first: [PathError])>((0, []))

    func add(_ error: PathError) {
        errors.withLock { errors in
            errors.count += 1
            if errors.first.count < PathErrorPrinter.limit { errors.first.append(error) }
        }
    }

    func print() {
        let (count, first) = errors.withLock { $0 }
        for error in first.sorted(by: { $0.path < $1.path }) {
            Diagnostic.error("\(PrintableText.escaping(error.path.bytes)): \(error.message)")
        }
        if count > first.count {
            Diagnostic.error("and \(Count.text(count - first.count, "more path")), see 'qedscan report errors'")
        }
    }
}

/// Collects the images that are not clean for `--verbose`, and prints them at the end of the scan, sorted by path.
final class ProblemList: Sendable {
    private let lines = Locked<[(path: RawPath, text: String)]>([])

    func add(_ event: ScanEvent) {
        guard case .checked(let result) = event, result.outcome != .clean else { return }
        let counts = result.report.map { " (\($0.corruptions) corruptions, \($0.leaks) leaks)" } ?? ""
        let reason = result.message.map { ": \($0)" } ?? counts
        let text = "\(result.outcome.rawValue)  \(PrintableText.escaping(result.path.bytes))\(reason)"
        lines.withLock { $0.append((result.path, text)) }
    }

    func print() {
        for line in lines.withLock({ $0 }).sorted(by: { $0.path < $1.path }) { StandardOutput.writeLine(line.text) }
    }
}
