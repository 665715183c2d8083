import Lab
import QED

extension CorpusCase {
    private static let small = Sample.small

    /// L2 entries with an offset that cannot be. What they should have pointed to is leaked.
    static let l2Cases: [CorpusCase] =
        Sample.all.flatMap { sample in
            [
                l2Case(
                    sample, "entry within a cluster", .dataOffsetUnaligned, value: sample.at(sample.data[0] + 1) + 8),
                l2Case(sample, "entry of 2", .dataOffsetUnaligned, value: 2),
                l2Case(sample, "entry of all ones", .dataOffsetUnaligned, value: .max),
                l2Case(sample, "entry at the end", .dataOffsetBeyondFile, value: sample.at(sample.end)),
                l2Case(sample, "entry with bit 62", .dataOffsetBeyondFile, value: 1 << 62 | sample.at(sample.data[0])),
                l2Case(sample, "entry near 2^64", .dataOffsetBeyondFile, value: 0 &- sample.clusterSize),
            ]
        } + [
            l2Case(.wide, "entry in the header", .dataOffsetInHeader, value: 4096),
            neighbours, truncated, shortTail, cutInData, mixedFaults,
        ]

    /// The second entry of the first table: neither of its neighbours follows it any more.
    private static func l2Case(_ sample: Sample, _ what: String, _ kind: FindingKind, value: UInt64) -> CorpusCase {
        sample.test(what, [.l2(0, 1, value)]) {
            $0.outcome = .corrupt
            $0.corruptions = 1
            $0.fragmented = 2
            $0.leaks = 1
            $0.findings = [sample.l2(kind, 0, 1, value: value), sample.leak(sample.data[0] + 1, count: 1)]
        }
    }

    private static let neighbours = small.test(
        "two neighbours past the end", [.l2(0, 2, 12 * 4096), .l2(0, 3, 13 * 4096)]
    ) {
        $0.outcome = .corrupt
        $0.corruptions = 2
        $0.fragmented = 1
        $0.leaks = 2
        $0.findings = [
            small.l2(.dataOffsetBeyondFile, 0, 2, value: 12 * 4096, count: 2), small.leak(5, count: 2),
        ]
    }

    private static let truncated = small.test(
        "data cluster of one byte", [.length(12 * 4096 + 1), .l2(1, 3, 12 * 4096)]
    ) {
        $0.outcome = .corrupt
        $0.corruptions = 1
        $0.fragmented = 1
        $0.leaks = 1
        $0.findings = [
            small.partialCluster(12), small.l2(.dataClusterTruncated, 1, 3, value: 12 * 4096), small.leak(11, count: 1),
        ]
    }

    /// QEMU rounds the file up to 512 bytes and sees nothing.
    private static let shortTail = small.test("data cluster lacks one byte", [.length(12 * 4096 - 1)]) {
        $0.outcome = .corrupt
        $0.corruptions = 1
        $0.findings = [
            small.partialCluster(11), small.l2(.dataClusterTruncated, 1, 3, value: 11 * 4096),
        ]
    }

    private static let cutInData = small.test("file cut within its data", [.length(9 * 4096 + 2000)]) {
        $0.outcome = .corrupt
        $0.corruptions = 3
        $0.findings = [
            small.partialCluster(9), small.l2(.dataClusterTruncated, 1, 1, value: 9 * 4096),
            small.l2(.dataOffsetBeyondFile, 1, 2, value: 10 * 4096, count: 2),
        ]
    }

    private static let mixedFaults = small.test(
        "a different fault in each entry", [.l2(0, 0, 3 * 4096 + 1), .l2(0, 1, 1 << 40), .l2(0, 2, 4096), .l2(0, 3, 1)]
    ) {
        $0.outcome = .corrupt
        $0.corruptions = 3
        $0.allocated = 7
        $0.zero = 1
        $0.fragmented = 2
        $0.leaks = 4
        $0.findings = [
            small.l2(.dataOffsetUnaligned, 0, 0, value: 3 * 4096 + 1),
            small.l2(.dataOffsetBeyondFile, 0, 1, value: 1 << 40),
            small.l2(.dataClusterInMetadata, 0, 2, value: 4096, owner: .l1Table),
            small.leak(3, count: 4),
        ]
    }
}
