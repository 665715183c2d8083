import Lab
import QED

extension CorpusCase {
    private static let small = Sample.small

    /// Worth knowing, and nothing is wrong.
    static let noticeCases: [CorpusCase] =
        Sample.all.flatMap { sample in
            [
                sample.test("a byte past the last cluster", [.length(sample.at(sample.end) + 1)]) {
                    $0.findings = [sample.partialCluster(sample.end)]
                },
                sample.test("a cluster less one byte", [.length(sample.at(sample.end + 1) - 1)]) {
                    $0.findings = [sample.partialCluster(sample.end)]
                },
            ]
        } + [lastEntriesBeyond, lastTableBeyond, zeroClusterBeyond, lastClusterInPart]

    private static let lastEntriesBeyond = small.test(
        "two entries past the image", [.field(.imageSize, 514 * 4096)]
    ) {
        $0.total = 514
        $0.findings = [beyond(l2Index: 2, value: 10 * 4096, count: 2)]
    }

    private static let lastTableBeyond = small.test("a table past the image", [.field(.imageSize, 2 << 20)]) {
        $0.total = 512
        $0.findings = [
            small.l1(.entryBeyondImage, 1, value: 7 * 4096, guest: GuestRange(offset: 2 << 20, length: 0)),
            beyond(l2Index: 0, value: 8 * 4096, count: 4),
        ]
    }

    private static let zeroClusterBeyond = small.test(
        "a zero cluster past the image", [.field(.imageSize, 515 * 4096), .l2(1, 3, 1)]
    ) {
        $0.outcome = .leaking
        $0.total = 515
        $0.allocated = 7
        $0.zero = 1
        $0.leaks = 1
        $0.findings = [beyond(l2Index: 3, value: 1, count: 1), small.leak(11, count: 1)]
    }

    /// One sector of the cluster belongs to the image, so its entry does too.
    private static let lastClusterInPart = small.test(
        "the image ends within a cluster", [.field(.imageSize, 513 * 4096 + 512)]
    ) {
        $0.total = 514
        $0.findings = [beyond(l2Index: 2, value: 10 * 4096, count: 2)]
    }

    private static func beyond(l2Index: Int, value: UInt64, count: UInt64) -> ExpectedFinding {
        let start = GuestRange(offset: (512 + UInt64(l2Index)) * 4096, length: 0)
        return small.l2(.entryBeyondImage, 1, l2Index, value: value, count: count, guest: start)
    }
}
