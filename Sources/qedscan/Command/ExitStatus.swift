import CommandSyntax
import PoolScan
import QED
import Store

/// The exit status of most commands: bits that are OR-ed as those of fsck(8).
struct ExitStatus: OptionSet, ProcessStatus {
    let rawValue: Int32

    /// Something was wrong and has been repaired.
    static let repaired = ExitStatus(rawValue: 1)
    /// There are leaks.
    static let leaks = ExitStatus(rawValue: 2)
    /// There is corruption.
    static let corruption = ExitStatus(rawValue: 4)
    /// Something could not be checked or done.
    static let failed = ExitStatus(rawValue: 8)
    static let usage = ExitStatus(rawValue: 16)
    static let interrupted = ExitStatus(rawValue: 32)

    static let success: ExitStatus = []

    var code: Int32 { rawValue }
    var withFailedOutput: ExitStatus { union(.failed) }

    static func refuse(_ error: UsageError) -> ExitStatus {
        explain(error)
        return .usage
    }

    /// Runs a function, prints the error that it throws, and returns `failed` for it.
    static func reporting<Failure: Error & CustomStringConvertible>(
        _ body: () throws(Failure) -> ExitStatus
    ) -> ExitStatus {
        do throws(Failure) {
            return try body()
        } catch {
            Diagnostic.error(error.description)
            return .failed
        }
    }
}

extension ExitStatus {
    /// The status for the images of a scan, reused results included.
    init(_ totals: ScanTotals) {
        self = totals.pathErrors > 0 ? .failed : []
        for outcome in totals.outcomes.keys { formUnion(ExitStatus(outcome)) }
    }

    init(_ outcome: Outcome) {
        switch outcome {
        case .clean: self = []
        case .leaking: self = .leaks
        case .corrupt: self = .corruption
        case .incomplete, .invalid, .unsupported, .inUse, .changing: self = .failed
        }
    }
}
