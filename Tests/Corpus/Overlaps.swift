import Lab
import QED

extension CorpusCase {
    private static let medium = Sample.medium
    private static let large = Sample.large

    /// L1 entries whose tables are in use already: each such cluster is one corruption, and the table is not walked.
    static let overlapCases: [CorpusCase] =
        Sample.all.map { sample in
            sample.test("one L2 table for both L1 entries", [.l1(1, sample.at(sample.tables[0]))]) {
                $0.outcome = .corrupt
                $0.corruptions = sample.tableClusters
                $0.allocated = 4
                $0.leaks = sample.tableClusters + 4
                $0.findings = [
                    sample.l1(
                        .l2TableShared, 1, value: sample.at(sample.tables[0]), count: sample.tableClusters,
                        owner: .l2Table(l1Index: 0)),
                    sample.leak(sample.tables[1], count: sample.tableClusters + 4),
                    sample.orphan(sample.tables[1], of: 1),
                ]
            }
        }
        + Sample.all.map { sample in
            sample.test("L1 entry on the L1 table", [.l1(1, sample.at(sample.l1Table))]) {
                $0.outcome = .corrupt
                $0.corruptions = sample.tableClusters
                $0.allocated = 4
                $0.leaks = sample.tableClusters + 4
                $0.findings = [
                    sample.l1(
                        .l2TableOverlaps, 1, value: sample.at(sample.l1Table), count: sample.tableClusters,
                        owner: .l1Table),
                    sample.leak(sample.tables[1], count: sample.tableClusters + 4),
                    sample.orphan(sample.tables[1], of: 1),
                ]
            }
        }
        + [
            sharedBeyondImage,
            // Cluster 4 is the first table's second, cluster 5 its first data cluster.
            medium.test("L2 table one cluster into another", [.l1(1, 4 * 4096)]) {
                $0.outcome = .corrupt
                $0.corruptions = 2
                $0.allocated = 4
                $0.leaks = 6
                $0.findings = [
                    medium.l1(.l2TableOverlaps, 1, value: 4 * 4096, count: 2, owner: .l2Table(l1Index: 0)),
                    medium.leak(9, count: 6), medium.orphan(9, of: 1),
                ]
            },
            // Cluster 2 is the L1 table's second, cluster 3 the first of the first L2 table.
            medium.test("L2 table over the L1 table's end", [.l1(1, 2 * 4096)]) {
                $0.outcome = .corrupt
                $0.corruptions = 2
                $0.allocated = 4
                $0.leaks = 6
                $0.findings = [
                    medium.l1(.l2TableOverlaps, 1, value: 2 * 4096, count: 2, owner: .l1Table),
                    medium.leak(9, count: 6), medium.orphan(9, of: 1),
                ]
            },
            large.test("L2 table one cluster into another", [.l1(1, 6 * 65536)]) {
                $0.outcome = .corrupt
                $0.corruptions = 4
                $0.allocated = 4
                $0.leaks = 8
                $0.findings = [
                    large.l1(.l2TableOverlaps, 1, value: 6 * 65536, count: 4, owner: .l2Table(l1Index: 0)),
                    large.leak(13, count: 8), large.orphan(13, of: 1),
                ]
            },
            // Of clusters 12 to 15 only 12 is in use, as data.
            large.test("L2 table over one data cluster", [.l1(1, 12 * 65536)]) {
                $0.outcome = .corrupt
                $0.corruptions = 1
                $0.allocated = 4
                $0.leaks = 5
                $0.findings = [
                    large.l1(.l2TableOverlaps, 1, value: 12 * 65536, owner: .data(l1Index: 0, l2Index: 3)),
                    large.leak(16, count: 5),
                ]
            },
            dataBeforeTable,
        ]

    private static let sharedBeyondImage = Sample.small.test(
        "one L2 table for two L1 entries, one past the image", [.l1(2, 7 * 4096)]
    ) {
        let nothing = GuestRange(offset: 4 << 20, length: 0)
        $0.outcome = .corrupt
        $0.corruptions = 1
        $0.findings = [
            Sample.small.l1(.entryBeyondImage, 2, value: 7 * 4096, guest: nothing),
            Sample.small.l1(.l2TableShared, 2, value: 7 * 4096, guest: nothing, owner: .l2Table(l1Index: 1)),
        ]
    }

    /// The entry of the first table comes before the second table's own L1 entry.
    private static let dataBeforeTable = Sample.small.test("data entry on a later L2 table", [.l2(0, 0, 7 * 4096)]) {
        $0.outcome = .corrupt
        $0.corruptions = 1
        $0.allocated = 4
        $0.fragmented = 1
        $0.leaks = 5
        $0.findings = [
            Sample.small.l1(.l2TableOverlaps, 1, value: 7 * 4096, owner: .data(l1Index: 0, l2Index: 0)),
            Sample.small.leak(3, count: 1), Sample.small.leak(8, count: 4),
        ]
    }
}
