import CommandSyntax
import Files
import PoolScan
import ScanModel

/// Collects the paths that a scan could not look at and prints the first of them at its end.
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
        if count > first.count { Diagnostic.error("and \(count - first.count) more paths: 'qedscan report errors'") }
    }
}
