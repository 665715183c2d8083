import Lab
import QED

extension CorpusCase {
    /// Images without a finding.
    static let soundCases: [CorpusCase] =
        Sample.all.map { $0.test("sound", []) { _ in } } + [
            // 3 and 4 are swapped: neither follows the one before, nor 5 follows 3.
            Sample.small.test("two clusters swapped", [.l2(0, 0, 4 * 4096), .l2(0, 1, 3 * 4096)]) { $0.fragmented = 2 },
            // A gap in the table is no gap in the file.
            Sample.small.test("an entry moved along", [.l2(0, 3, 0), .l2(0, 500, 6 * 4096)]) { _ in },
            Sample.small.test("zero clusters", [.l2(0, 4, 1), .l2(0, 511, 1), .l2(1, 100, 1)]) { $0.zero = 3 },
            full("all clusters", .sequential, zeroShare: 0) { $0.allocated = 512 },
            full("all zero clusters", .sequential, zeroShare: 1) { $0.zero = 512 },
            full("all clusters, shuffled", .shuffled, zeroShare: 0) {
                $0.allocated = 512
                $0.fragmented = nil
            },
            empty, withBackingFile,
        ]

    private static func full(
        _ what: String, _ allocation: ImagePlan.Allocation, zeroShare: Double, _ expect: (inout Expectation) -> Void
    ) -> CorpusCase {
        var plan = ImagePlan()
        plan.clusterSize = 4096
        plan.tableSize = 1
        plan.imageSize = 2 << 20
        plan.allocation = allocation
        plan.zeroShare = zeroShare
        var expected = Expectation(total: 512)
        expect(&expected)
        return CorpusCase(name: what, plan: plan, edits: [], expected: expected)
    }

    private static let empty: CorpusCase = {
        var plan = ImagePlan()
        plan.imageSize = 0
        return CorpusCase(name: "an image of 0 bytes", plan: plan, edits: [], expected: Expectation(total: 0))
    }()

    private static let withBackingFile: CorpusCase = {
        var plan = ImagePlan()
        plan.imageSize = 512
        plan.backingFilename = "base.raw"
        plan.backingIsRaw = true
        return CorpusCase(
            name: "an overlay of one sector", plan: plan, edits: [], expected: Expectation(allocated: 1, total: 1))
    }()
}
