import Corpus
import Files
import NaiveCheck
import QED
import Testing

@testable import qedscan

/// One image as we check it, both ways, as the naive check does, and what QEMU must say of it then.
struct CheckComparison {
    /// Bytes: the naive check wants all of a file in memory.
    private static let largestNaiveCheck = 4 << 20

    let report: CheckResult
    let expectation: QEMUExpectation
    /// What the image is, and how to repeat it.
    private let story: Comment

    init(_ path: String, _ story: String) throws {
        self.story = "\(story)"
        let file = try ImageFile(path: RawPath(path))
        let fast = Checker().check(file)
        report = Checker(usesFastPass: false).check(file)
        expectation = try QEMUExpectation(file, report, reason: { $0.qemuReason })
        #expect(fast.outcome == report.outcome, self.story)
        #expect(fast.counts == report.counts, self.story)
        #expect(fast.leaks == report.leaks && fast.qemuLeaks == report.qemuLeaks, self.story)
        #expect(fast.corruptions == report.corruptions && fast.checkErrors == report.checkErrors, self.story)
        guard file.size <= CheckComparison.largestNaiveCheck else { return }
        let difference = try NaiveReport(path: path).disagreement(with: report)
        #expect(difference == nil, self.story)
    }

    /// Holds what `qemu-img check --output=json` printed to it.
    func expectAgreement(with run: ShellBatch.Result, _ tally: MutationTally) throws {
        let qemu = try PeerResult(run)
        let disagreement = expectation.disagreement(with: qemu)
        #expect(disagreement == nil, story)
        // Without a fault of QEMU's the leaks are the true ones.
        if expectation.faults.isEmpty, let counters = qemu.counters {
            #expect(counters.leaks == Int64(clamping: report.leaks), story)
        }
        if disagreement == nil { tally.add(qemu, expectation) }
    }
}
