import Corpus
import Files
import Lab
import NaiveCheck
import QED
import TestSupport
import Testing

@Suite struct MutationTests {
    /// Small images of different layouts, so that a mutation has something to hit.
    private static let plans: [ImagePlan] = [UInt32(1), 2, 4].flatMap { tableSize in
        ImagePlan.Allocation.allCases.map { allocation in
            var plan = ImagePlan()
            plan.clusterSize = 4096
            plan.tableSize = tableSize
            plan.imageSize = 3 * plan.entriesPerTable * 4096
            plan.allocation = allocation
            plan.guestClusters = tableSize == 4 ? .share(0.05) : .firstOfEachTable(20)
            plan.zeroShare = 0.1
            plan.seed = UInt64(tableSize)
            return plan
        }
    }

    @Test(arguments: MutationTests.plans)
    func fastAndExactPassAgreeOnMutatedImages(_ plan: ImagePlan) throws {
        let scratch = try TemporaryDirectory()
        for round in 0..<60 {
            var random = SeededRandom(seed: Seed.value &+ UInt64(round) &* 1000)
            try ImageWriter(plan).write(to: scratch.file())
            let editor = try ImageEditor(path: scratch.file())
            var mutations: [Mutation] = []
            for _ in 0...Int.random(in: 0...3, using: &random) {
                mutations.append(try Mutation.random(for: editor, using: &random))
                try mutations.last?.apply(to: editor)
            }
            let story: Comment = "QEDSCAN_SEED=\(Seed.value), round \(round): \(mutations)"
            try expectAgreement(scratch.file(), story)
        }
    }

    @Test(arguments: Defect.allCases)
    func defectGivesItsFinding(_ defect: Defect) throws {
        let scratch = try TemporaryDirectory()
        var random = SeededRandom(seed: Seed.value)
        for plan in MutationTests.plans {
            let story: Comment = "QEDSCAN_SEED=\(Seed.value), \(defect.rawValue), \(plan)"
            try ImageWriter(plan).write(to: scratch.file())
            try defect.apply(to: ImageEditor(path: scratch.file()), using: &random)
            let report = try expectAgreement(scratch.file(), story)
            if let kind = defect.expectedKind {
                #expect(report.findings.contains { $0.kind == kind }, story)
            } else if defect != .truncatedInData, defect != .zeroLength {
                #expect(report.outcome == .clean, story)
            }
            #expect(report.isDirty == (defect == .dirty), story)
        }
    }

    @Test func everyFindingKindHasADefectOfItsName() {
        for kind in FindingKind.allCases {
            #expect(Defect(rawValue: kind.rawValue) != nil, "\(kind.rawValue)")
        }
    }

    @Test func mutationIsTheSameForTheSameSeed() throws {
        let scratch = try TemporaryDirectory()
        try ImageWriter(MutationTests.plans[0]).write(to: scratch.file())
        let editor = try ImageEditor(path: scratch.file())
        for seed in 0..<50 as Range<UInt64> {
            var first = SeededRandom(seed: seed)
            var second = SeededRandom(seed: seed)
            let mutation = try Mutation.random(for: editor, using: &first)
            #expect(try mutation == Mutation.random(for: editor, using: &second))
        }
    }

    /// Both ways to check, and the naive check, give the same counters; findings add up to them, capped or not.
    @discardableResult
    private func expectAgreement(_ path: String, _ story: Comment) throws -> CheckResult {
        let fast = try check(path)
        let exact = try check(path, usesFastPass: false)
        let capped = try check(path, limits: CheckLimits(findingsPerKind: 3))
        for report in [fast, capped] {
            #expect(report.outcome == exact.outcome, story)
            #expect(report.counts == exact.counts, story)
            #expect(report.leaks == exact.leaks, story)
            #expect(report.corruptions == exact.corruptions, story)
            #expect(report.qemuLeaks == exact.qemuLeaks, story)
            #expect(report.checkErrors == exact.checkErrors, story)
            expectFindingsSumUp(report, story)
        }
        #expect(Set(fast.findings) == Set(exact.findings), story)
        // The naive check wants all of a file in memory.
        if try ImageFile(path: RawPath(path)).size < 4 << 20 {
            let naive = try NaiveReport(path: path).disagreement(with: exact)
            #expect(naive == nil, story)
        }
        let perKind = Dictionary(grouping: capped.findings, by: \.kind).mapValues(\.count)
        #expect(perKind.values.allSatisfy { $0 <= 3 }, story)
        return exact
    }
}
