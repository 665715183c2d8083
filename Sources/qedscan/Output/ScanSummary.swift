import CommandSyntax
import QED
import ReportStore

/// What a scan came to, for people.
struct ScanSummary {
    let totals: ScanTotals
    let filesSeen: Int
    let nanoseconds: Int64
    let wasInterrupted: Bool
    let storePath: String

    func print(_ palette: Palette) {
        let seconds = Decimal.text(Double(nanoseconds) / 1e9, places: 2)
        let verb = wasInterrupted ? palette.warning("interrupted after") : "in"
        StandardOutput.writeLine(
            palette.bold("\(totals.images) images") + " among \(filesSeen) files \(verb) \(seconds) s, "
                + "\(totals.images - totals.reused) checked, \(totals.reused) unchanged")
        for outcome in Outcome.allCases {
            guard let count = totals.outcomes[outcome] else { continue }
            line(count, outcome.rawValue, color: color(of: outcome, palette))
        }
        if totals.dirty > 0 { line(totals.dirty, "dirty (not closed cleanly)", color: palette.warning) }
        if totals.pathErrors > 0 { line(totals.pathErrors, "errors of reading", color: palette.bad) }
        StandardOutput.writeLine("store: \(PrintableText.escaping(storePath))")
    }

    private func line(_ count: Int, _ what: String, color: (String) -> String) {
        let digits = String(count)
        StandardOutput.writeLine(String(repeating: " ", count: max(8 - digits.count, 0)) + digits + "  " + color(what))
    }

    private func color(of outcome: Outcome, _ palette: Palette) -> (String) -> String {
        switch outcome {
        case .clean: palette.good
        case .leaking, .inUse, .changing: palette.warning
        case .corrupt, .incomplete, .invalid, .unsupported: palette.bad
        }
    }
}
