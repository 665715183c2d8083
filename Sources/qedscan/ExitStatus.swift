import PoolScan
import QED
import Store

/// The exit status of every command but `check`: bits, OR-ed as fsck(8) does.
struct ExitStatus: OptionSet {
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
}

extension ExitStatus {
    /// What the images of a scan come to, reused results included.
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

extension ExitStatus {
    init(_ status: CheckStatus) { self.init(rawValue: status.rawValue) }
}

/// The exit status of `check`: that of `qemu-img check`.
enum CheckStatus: Int32 {
    case consistent = 0
    case failed = 1
    case corruptions = 2
    case leaks = 3
    case formatHasNoCheck = 63
}
