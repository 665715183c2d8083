import NaiveCheck
import QED

extension NaiveReport {
    /// What the check says otherwise, nil if nothing. A file without QED's magic is none to the naive check; whoever calls
    /// the check has seen to that.
    package func disagreement(with report: CheckResult) -> String? {
        guard report.header?.hasMagic == true else { return outcome == .invalid ? nil : "no magic, but \(outcome)" }
        let ours = [
            "outcome \(report.outcome.rawValue)", "dirty \(report.isDirty)", "leaks \(report.leaks)",
            "corruptions \(report.corruptions)", "allocated \(report.counts.allocated)", "zero \(report.counts.zero)",
            "fragmented \(report.counts.fragmented)", "total \(report.totalClusters.map { "\($0)" } ?? "none")",
        ]
        let naive = [
            "outcome \(outcome.rawValue)", "dirty \(isDirty)", "leaks \(leaks)", "corruptions \(corruptions)",
            "allocated \(allocated)", "zero \(zero)", "fragmented \(fragmented)",
            "total \(total.map { "\($0)" } ?? "none")",
        ]
        let differences = zip(ours, naive).filter { $0 != $1 }.map { "\($0), naively \($1)" }
        return differences.isEmpty ? nil : differences.joined(separator: "; ")
    }
}
