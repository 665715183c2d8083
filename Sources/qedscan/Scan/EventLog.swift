import CommandSyntax
import Files
import PoolScan
import QED
import SQLite
import ScanModel
import Store

/// The events of a scan, for programs that read its messages (`--log-format json`): one object per line.
///
/// In addition to `time`, `level` and `message`, which every message has, `event` says what the message is about.
enum EventLog {
    static func begin(_ record: ScanRecord, _ shard: ShardRequest?) {
        var facts: [(name: String, value: SQLiteValue)] = [
            ("event", .text("scan-started")), ("host", .text(record.host)),
            ("roots", .text(record.roots.printable)), ("version", .text(record.version)),
        ]
        if let shard { facts.append(("shard", .text(shard.text))) }
        Diagnostic.message(.info, "scan started", facts: facts)
    }

    /// Writes an image that is not clean, or a path that could not be read. Called by any worker.
    static func write(_ event: ScanEvent) {
        switch event {
        case .checked(let result) where result.outcome != .clean: write(result)
        case .checked, .reused: break
        case .failed(let error):
            Diagnostic.message(
                .error, "\(PrintableText.escaping(error.path.bytes)): \(error.message)",
                facts: [
                    ("event", .text("path-error")), ("path", .text(error.path.text)),
                    ("operation", .text(error.operation)), ("errno", .integer(Int64(error.code))),
                ])
        }
    }

    static func end(_ summary: ScanSummary, status: ExitStatus) {
        let totals = summary.totals
        var facts: [(name: String, value: SQLiteValue)] = [
            ("event", .text("scan-ended")), ("state", .text(summary.stop == nil ? "completed" : "interrupted")),
            ("seconds", .real(summary.seconds)), ("files", .integer(Int64(summary.filesSeen))),
            ("images", .integer(Int64(totals.images))), ("reused", .integer(Int64(totals.reused))),
            ("dirty", .integer(Int64(totals.dirty))), ("missing", .integer(Int64(totals.missing))),
            ("path_errors", .integer(Int64(totals.pathErrors))), ("status", .integer(Int64(status.rawValue))),
        ]
        for outcome in Outcome.allCases {
            facts.append((outcome.rawValue, .integer(Int64(totals.outcomes[outcome] ?? 0))))
        }
        Diagnostic.message(.info, summary.stop == nil ? "scan completed" : "scan interrupted", facts: facts)
    }

    private static func write(_ result: CheckedImage) {
        let what = result.message ?? result.report.map { "\($0.corruptions) corruptions, \($0.leaks) leaks" }
        let facts: [(name: String, value: SQLiteValue)] = [
            ("event", .text("image")), ("path", .text(result.path.text)), ("outcome", .text(result.outcome.rawValue)),
            ("corruptions", count(result.report?.corruptions)), ("leaks", count(result.report?.leaks)),
        ]
        let path = PrintableText.escaping(result.path.bytes)
        let text = "\(path): \(result.outcome.rawValue)" + (what.map { ": \($0)" } ?? "")
        Diagnostic.message(level(of: result.outcome), text, facts: facts)
    }

    private static func level(of outcome: Outcome) -> Diagnostic.Level {
        switch outcome {
        case .clean, .inUse: .info
        case .leaking, .changing: .warning
        case .corrupt, .incomplete, .invalid, .unsupported: .error
        }
    }

    private static func count(_ number: UInt64?) -> SQLiteValue {
        number.map { .integer(Int64(clamping: $0)) } ?? .null
    }
}
