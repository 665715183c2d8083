import Lab
import QED

extension CorpusCase {
    /// Clusters that nothing refers to.
    static let leakCases: [CorpusCase] = Sample.all.flatMap { sample in
        [
            sample.test("one cluster more at the end", [.length(sample.at(sample.end + 1))]) {
                $0.outcome = .leaking
                $0.leaks = 1
                $0.findings = [sample.leak(sample.end, count: 1)]
            },
            sample.test("100 clusters more, dirty", [.length(sample.at(sample.end + 100)), .field(.features, 2)]) {
                $0.outcome = .leaking
                $0.leaks = 100
                $0.isDirty = true
                $0.findings = [sample.leak(sample.end, count: 100)]
            },
            sample.test("entry lost in the middle", [.l2(0, 1, 0)]) {
                $0.outcome = .leaking
                $0.leaks = 1
                $0.allocated = 7
                $0.fragmented = 1
                $0.findings = [sample.leak(sample.data[0] + 1, count: 1)]
            },
            sample.test("two entries lost", [.l2(0, 0, 0), .l2(1, 3, 0)]) {
                $0.outcome = .leaking
                $0.leaks = 2
                $0.allocated = 6
                $0.findings = [sample.leak(sample.data[0], count: 1), sample.leak(sample.data[1] + 3, count: 1)]
            },
            sample.test("data cluster made a zero cluster", [.l2(1, 0, 1)]) {
                $0.outcome = .leaking
                $0.leaks = 1
                $0.allocated = 7
                $0.zero = 1
                $0.findings = [sample.leak(sample.data[1], count: 1)]
            },
            sample.test("L2 table of zeros", (0..<4).map { .l2(0, $0, 0) }) {
                $0.outcome = .leaking
                $0.leaks = 4
                $0.allocated = 4
                $0.findings = [sample.leak(sample.data[0], count: 4)]
            },
            sample.test("first L1 entry lost", [.l1(0, 0)]) {
                $0.outcome = .leaking
                $0.leaks = sample.tableClusters + 4
                $0.allocated = 4
                $0.findings = [
                    sample.leak(sample.tables[0], count: sample.tableClusters + 4),
                    sample.orphan(sample.tables[0], of: 0),
                ]
            },
        ]
    }
}
