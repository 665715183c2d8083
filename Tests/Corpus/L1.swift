import Lab
import QED

extension CorpusCase {
    /// L1 entries with an offset that cannot be. The second table and its data are orphaned then.
    static let l1Cases: [CorpusCase] =
        Sample.all.flatMap { sample in
            [
                l1Case(
                    sample, "L1 entry within a cluster", .l2OffsetUnaligned, value: sample.at(sample.tables[1]) + 512),
                l1Case(sample, "L1 entry of 1", .l2OffsetUnaligned, value: 1),
                l1Case(sample, "L1 entry of all ones", .l2OffsetUnaligned, value: .max),
                l1Case(sample, "L1 entry at the end", .l2OffsetBeyondFile, value: sample.at(sample.end)),
                l1Case(sample, "L1 entry with bit 63", .l2OffsetBeyondFile, value: 1 << 63 | sample.at(2)),
                l1Case(
                    sample, "L1 entry near 2^64", .l2OffsetBeyondFile, value: 0 &- sample.clusterSize),
            ]
        } + [
            l1Case(.wide, "L1 entry in the header", .l2OffsetInHeader, value: 4096),
            l1Case(.medium, "L1 entry on the last cluster", .l2OffsetBeyondFile, value: 14 * 4096),
            l1Case(.large, "L1 entry three clusters from the end", .l2OffsetBeyondFile, value: 18 * 65536),
            truncatedTable, neighbours, wiped, tableInHole,
        ]

    private static func l1Case(_ sample: Sample, _ what: String, _ kind: FindingKind, value: UInt64) -> CorpusCase {
        sample.test(what, [.l1(1, value)]) {
            $0.outcome = .corrupt
            $0.corruptions = 1
            $0.allocated = 4
            $0.leaks = sample.tableClusters + 4
            $0.findings = [
                sample.l1(kind, 1, value: value), sample.leak(sample.tables[1], count: sample.tableClusters + 4),
                sample.orphan(sample.tables[1], of: 1),
            ]
        }
    }

    private static let truncatedTable = Sample.medium.test(
        "L2 table cut short", [.length(15 * 4096 + 100), .l1(1, 14 * 4096)]
    ) {
        $0.outcome = .corrupt
        $0.corruptions = 1
        $0.allocated = 4
        $0.leaks = 6
        $0.findings = [
            Sample.medium.partialCluster(15), Sample.medium.l1(.l2TableTruncated, 1, value: 14 * 4096),
            Sample.medium.leak(9, count: 6), Sample.medium.orphan(9, of: 1),
        ]
    }

    private static let neighbours = Sample.small.test("two L1 entries of 1", [.l1(0, 1), .l1(1, 1)]) {
        $0.outcome = .corrupt
        $0.corruptions = 2
        $0.allocated = 0
        $0.leaks = 10
        $0.findings = [
            Sample.small.l1(
                .l2OffsetUnaligned, 0, value: 1, count: 2, guest: GuestRange(offset: 0, length: 4 << 20)),
            Sample.small.leak(2, count: 10), Sample.small.orphan(2, ofOneOf: 2), Sample.small.orphan(7, ofOneOf: 2),
        ]
    }

    private static let wiped = Sample.large.test("L1 table of zeros", [.l1(0, 0), .l1(1, 0)]) {
        $0.outcome = .leaking
        $0.allocated = 0
        $0.leaks = 16
        $0.findings = [
            Sample.large.leak(5, count: 16), Sample.large.orphan(5, ofOneOf: 2), Sample.large.orphan(13, ofOneOf: 2),
        ]
    }

    /// The entry points two clusters into its own table: what is there reads as an empty table.
    private static let tableInHole = Sample.large.test("L1 entry two clusters too far", [.l1(1, 15 * 65536)]) {
        $0.outcome = .leaking
        $0.allocated = 4
        $0.leaks = 4
        $0.findings = [Sample.large.leak(13, count: 2), Sample.large.leak(19, count: 2)]
    }
}
