import Corpus
import Files
import Lab
import NaiveCheck
import QED
import TestSupport
import Testing

@Suite struct CorpusTests {
    @Test(arguments: CorpusCase.all, [true, false])
    func caseGivesExactlyWhatIsExpected(_ corpusCase: CorpusCase, usesFastPass: Bool) throws {
        let scratch = try TemporaryDirectory()
        try corpusCase.write(to: scratch.file())
        let report = try check(scratch.file(), usesFastPass: usesFastPass)
        let expected = corpusCase.expected
        #expect(report.outcome == expected.outcome)
        #expect(report.leaks == expected.leaks)
        #expect(report.corruptions == expected.corruptions)
        #expect(report.counts.allocated == expected.allocated)
        #expect(report.counts.zero == expected.zero)
        if let fragmented = expected.fragmented { #expect(report.counts.fragmented == fragmented) }
        #expect(report.totalClusters == expected.total)
        #expect(report.isDirty == expected.isDirty)
        #expect(report.checkErrors == 0)
        #expect(report.findings.allSatisfy { $0.suppressedCount == 0 })
        let found = report.findings.map { ExpectedFinding($0) }
        #expect(found.count == expected.findings.count)
        #expect(Set(found) == Set(expected.findings))
    }

    /// What other tests hold the check to agrees with what was written by hand.
    @Test(arguments: CorpusCase.all)
    func naiveCheckGivesWhatIsExpected(_ corpusCase: CorpusCase) throws {
        let scratch = try TemporaryDirectory()
        try corpusCase.write(to: scratch.file())
        // It wants all of a file in memory; the longest files of the corpus are all holes.
        guard try ImageFile(path: RawPath(scratch.file())).size <= 64 << 20 else { return }
        let naive = try NaiveReport(path: scratch.file())
        let expected = corpusCase.expected
        #expect(naive.outcome.rawValue == expected.outcome.rawValue)
        #expect(naive.leaks == expected.leaks && naive.corruptions == expected.corruptions)
        #expect(naive.allocated == expected.allocated && naive.zero == expected.zero)
        if let fragmented = expected.fragmented { #expect(naive.fragmented == fragmented) }
        #expect(naive.total == expected.total)
        #expect(naive.isDirty == expected.isDirty)
    }

    @Test func everyFindingKindHasACase() {
        let covered = Set(CorpusCase.all.flatMap(\.expected.findings).map(\.kind))
        #expect(covered == Set(FindingKind.allCases))
    }

    @Test func namesAreUnique() {
        #expect(Set(CorpusCase.all.map(\.name)).count == CorpusCase.all.count)
    }

    @Test(arguments: CorpusCase.all)
    func capOfOneKeepsTheCounters(_ corpusCase: CorpusCase) throws {
        let scratch = try TemporaryDirectory()
        try corpusCase.write(to: scratch.file())
        let report = try check(scratch.file(), limits: CheckLimits(findingsPerKind: 1))
        #expect(report.leaks == corpusCase.expected.leaks)
        #expect(report.corruptions == corpusCase.expected.corruptions)
        #expect(Set(report.findings.map(\.kind)).count == report.findings.count)
        expectFindingsSumUp(report)
    }
}

/// Listed and suppressed findings make up the counters. Orphaned tables are leaked clusters that are listed already.
func expectFindingsSumUp(_ report: CheckResult, _ comment: Comment? = nil) {
    func sum(_ severity: FindingKind.Severity) -> UInt64 {
        report.findings.filter { $0.kind.severity == severity && $0.kind != .tableOrphaned }.reduce(0) {
            $0 + $1.clusterCount + $1.suppressedCount
        }
    }
    #expect(sum(.corruption) == report.corruptions, comment)
    #expect(sum(.leak) == report.leaks, comment)
    #expect(report.findings.allSatisfy { $0.kind != .tableOrphaned || $0.clusterCount == 0 }, comment)
}
