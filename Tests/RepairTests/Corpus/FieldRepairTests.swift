import Corpus
import NaiveCheck
import QED
import Repair
import TestSupport
import Testing

/// Every field of small images, changed in eight ways, and repaired. Of the entries that are 0 only a sample is changed:
/// `QEDSCAN_FIELD_CASES=all` takes all, and repairs each in both ways: else the seed says in which.
@Suite struct FieldRepairTests {
    private static let everything = RepairOptions.with(
        .cloneTables, .clearAutoclear, .reclaimLeaks, savesLeaked: true)

    @Test(arguments: FieldLayout.chosen)
    func everyChangeOfAFieldIsRepairedAsPlanned(_ layout: FieldLayout) throws {
        let scratch = try TemporaryDirectory()
        try layout.write(to: scratch.file())
        let image = try FieldImage(path: scratch.file())
        var bytes = image.bytes
        var repaired = 0
        let unused = FieldSample.unused(25)
        let cases = image.cases(unused: unused, seed: Seed.value)
        for (number, fieldCase) in cases.enumerated() {
            fieldCase.apply(to: &bytes)
            let isOdd = (UInt64(number) ^ Seed.value) & 1 == 1
            let variants = [RepairOptions.with(), FieldRepairTests.everything]
            for options in unused == nil ? variants : [variants[isOdd ? 1 : 0]] {
                let story = "QEDSCAN_SEED=\(Seed.value), \(layout): \(fieldCase), \(options.actions.map(\.rawValue))"
                repaired += try expectRepair(bytes, options, "\(story)") ? 1 : 0
            }
            fieldCase.revert(in: &bytes)
        }
        print("\(layout): \(cases.count) changes repaired, something was done in \(repaired)")
        #expect(repaired > cases.count / 6)
    }

    /// Whether something was repaired.
    private func expectRepair(_ bytes: [UInt8], _ options: RepairOptions, _ story: Comment) throws -> Bool {
        let image = try RepairCycle(bytes, options)
        let naive = NaiveReport(image.after)
        let difference = naive.disagreement(with: image.plan.after)
        #expect(difference == nil, story)
        // What stays wrong is what the plan leaves alone, and no more.
        if image.plan.left.isEmpty { #expect([.clean, .leaking].contains(naive.outcome), story) }
        guard naive.outcome != .invalid, naive.outcome != .unsupported else {
            #expect(image.plan.isEmpty && !image.plan.left.isEmpty && image.after.isSame(as: bytes), story)
            return false
        }
        try image.expectComplete(story)
        let problems = GuestComparison(image).problems(with: image.plan)
        #expect(problems.isEmpty, "\(problems.prefix(5)): \(story)")
        try image.expectUndo(story)
        return !image.plan.isEmpty
    }
}
