import CommandSyntax
import Files
import PoolScan
import QED
import Store

/// The summary of a scan, for people.
struct ScanSummary {
    /// nil for a scan of all files.
    let shard: ShardRequest?
    let totals: ScanTotals
    let filesSeen: Int
    let seconds: Double
    let stop: ScanStop?
    /// When the first of the scans started that this one resumes; nil if it resumes none.
    let continuesFrom: String?
    let storePath: String

    /// Whether to print the summary with `--quiet`. It is normal that virtual machines have images open, and that a time
    /// limit is reached.
    var isWorthMail: Bool {
        stop == .signal || totals.pathErrors > 0 || totals.missing > 0 || totals.withoutBase > 0
            || totals.outcomes.keys.contains { $0 != .clean && $0 != .inUse }
    }

    func print(_ palette: Palette) {
        let seconds = Decimal.text(seconds, places: 2)
        let verb = stop != nil ? palette.warning("interrupted after") : "in"
        StandardOutput.writeLine(
            (shard.map { "shard \($0.number) of \($0.count): " } ?? "")
                + palette.bold(Count.text(totals.images, "image"))
                + " among \(Count.text(filesSeen, "file")) \(verb) \(seconds) s, "
                + "\(totals.images - totals.reused) examined, \(totals.reused) unchanged")
        if let continuesFrom {
            StandardOutput.writeLine("resumed the scan that started \(continuesFrom.prefix(19)) UTC")
        }
        if stop == .timeLimit {
            StandardOutput.writeLine("stopped by --max-time; the next scan resumes here")
        }
        for outcome in Outcome.allCases {
            guard let count = totals.outcomes[outcome] else { continue }
            line(count, outcome.rawValue, color: color(of: outcome, palette))
        }
        if totals.missing > 0 {
            line(totals.missing, "missing, see 'qedscan report missing'", color: palette.warning)
        }
        if totals.pathErrors > 0 { line(totals.pathErrors, "errors, see 'qedscan report errors'", color: palette.bad) }
        if totals.dirty > 0 {
            StandardOutput.writeLine(palette.warning("dirty: \(totals.dirty)") + ", not closed cleanly")
        }
        if totals.withoutBase > 0 {
            let what = palette.bad("backing file missing: \(Count.text(totals.withoutBase, "overlay"))")
            StandardOutput.writeLine(what + ", see 'qedscan report backing-problems'")
        }
        StandardOutput.writeLine("store: \(PrintableText.escaping(storePath))")
        if totals.outcomes.keys.contains(where: { $0 != .clean }) {
            StandardOutput.writeLine(
                "see 'qedscan report assessment', 'qedscan report damaged' and 'qedscan report errors'")
        }
    }

    private func line(_ count: Int, _ what: String, color: (String) -> String) {
        StandardOutput.writeLine(String(count).indented(to: 8) + "  " + color(what))
    }

    private func color(of outcome: Outcome, _ palette: Palette) -> (String) -> String {
        switch outcome {
        case .clean: palette.good
        case .leaking, .inUse, .changing: palette.warning
        case .corrupt, .incomplete, .invalid, .unsupported: palette.bad
        }
    }
}
