import CommandSyntax
import PoolScan
import ScanModel
import Store

/// What a scan says, while it runs and at its end: for people, for programs (`--log-format json`), or as a mail of what
/// is new (`--only-changes`).
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

    /// - Parameter news: asks the store what is new; called only if that is to be said.
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
