import CommandSyntax
import Files
import PoolScan
import ScanModel

/// The images of a scan that are not clean, for `--verbose`: printed at its end, in the order of their paths.
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
