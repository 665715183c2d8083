import Lab
import QED

extension CorpusCase {
    private static let small = Sample.small

    /// Data clusters that are in use already: the second reference in the order of the tables is the one reported.
    static let sharedCases: [CorpusCase] =
        Sample.all.map { sample in
            let edits = (0..<4).map { ImageEdit.l2(1, $0, sample.at(sample.data[0] + UInt64($0))) }
            return sample.test("the second table's data is the first's", edits) {
                $0.outcome = .corrupt
                $0.corruptions = 4
                $0.leaks = 4
                $0.findings = [
                    sample.l2(
                        .dataClusterShared, 1, 0, value: sample.at(sample.data[0]), count: 4,
                        owner: .data(l1Index: 0, l2Index: 0)),
                    sample.leak(sample.data[1], count: 4),
                ]
            }
        }
        + Sample.all.map { sample in
            sample.test("data entry on the L1 table", [.l2(1, 0, sample.at(sample.l1Table))]) {
                $0.outcome = .corrupt
                $0.corruptions = 1
                $0.fragmented = 1
                $0.leaks = 1
                $0.findings = [
                    sample.l2(.dataClusterInMetadata, 1, 0, value: sample.at(sample.l1Table), owner: .l1Table),
                    sample.leak(sample.data[1], count: 1),
                ]
            }
        }
        + Sample.all.map { sample in
            let last = sample.at(sample.tables[0] + sample.tableClusters - 1)
            return sample.test("data entry on the last cluster of an L2 table", [.l2(1, 3, last)]) {
                $0.outcome = .corrupt
                $0.corruptions = 1
                $0.fragmented = 1
                $0.leaks = 1
                $0.findings = [
                    sample.l2(.dataClusterInMetadata, 1, 3, value: last, owner: .l2Table(l1Index: 0)),
                    sample.leak(sample.data[1] + 3, count: 1),
                ]
            }
        }
        + [neighbours, allOnOne, splitByOwner, ownTable]

    private static let neighbours = small.test("two neighbours share a cluster", [.l2(0, 1, 3 * 4096)]) {
        $0.outcome = .corrupt
        $0.corruptions = 1
        $0.fragmented = 2
        $0.leaks = 1
        $0.findings = [
            small.l2(.dataClusterShared, 0, 1, value: 3 * 4096, owner: .data(l1Index: 0, l2Index: 0)),
            small.leak(4, count: 1),
        ]
    }

    private static let allOnOne = small.test(
        "four entries share a cluster", [.l2(0, 1, 3 * 4096), .l2(0, 2, 3 * 4096), .l2(0, 3, 3 * 4096)]
    ) {
        $0.outcome = .corrupt
        $0.corruptions = 3
        $0.fragmented = 3
        $0.leaks = 3
        $0.findings =
            (1...3).map {
                small.l2(.dataClusterShared, 0, $0, value: 3 * 4096, owner: .data(l1Index: 0, l2Index: 0))
            } + [small.leak(4, count: 3)]
    }

    /// Clusters 6 and 7 are neighbours, but one is the first table's data and the other this very table.
    private static let splitByOwner = small.test(
        "a run of two clusters with two owners", [.l2(1, 0, 6 * 4096), .l2(1, 1, 7 * 4096)]
    ) {
        $0.outcome = .corrupt
        $0.corruptions = 2
        $0.fragmented = 1
        $0.leaks = 2
        $0.findings = [
            small.l2(.dataClusterShared, 1, 0, value: 6 * 4096, owner: .data(l1Index: 0, l2Index: 3)),
            small.l2(.dataClusterInMetadata, 1, 1, value: 7 * 4096, owner: .l2Table(l1Index: 1)),
            small.leak(8, count: 2),
        ]
    }

    private static let ownTable = Sample.medium.test("data entry on its own L2 table", [.l2(0, 0, 4 * 4096)]) {
        $0.outcome = .corrupt
        $0.corruptions = 1
        $0.fragmented = 1
        $0.leaks = 1
        $0.findings = [
            Sample.medium.l2(.dataClusterInMetadata, 0, 0, value: 4 * 4096, owner: .l2Table(l1Index: 0)),
            Sample.medium.leak(5, count: 1),
        ]
    }
}
