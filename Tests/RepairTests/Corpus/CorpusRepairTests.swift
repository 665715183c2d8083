import Corpus
import Lab
import QED
import Repair
import Testing

@Suite struct CorpusRepairTests {
    @Test(arguments: CorpusCase.all)
    func everyVariantIsCompleteAndCanBeUndone(_ corpusCase: CorpusCase) throws {
        guard let bytes = try TestImage.bytes(of: corpusCase) else { return }
        try expectVariants(bytes, corpusCase.name, RepairOptions.variants)
    }

    @Test(arguments: CorpusCase.all.filter { $0.plan.backingFilename == nil && $0.plan.clusterSize == 4096 })
    func everyVariantIsCompleteWithABackingFile(_ corpusCase: CorpusCase) throws {
        guard let bytes = try TestImage.bytes(of: corpusCase, change: { $0.backingFilename = "base.raw" }) else {
            return
        }
        let variants = RepairOptions.variants.filter { $0.invalidEntries == .zero }
        try expectVariants(bytes, "\(corpusCase.name), backing file", variants)
    }

    @Test func mostCasesAreRepaired() throws {
        let images = try CorpusCase.all.compactMap { try TestImage.bytes(of: $0) }
        let plans = try images.map { try RepairPlanner(options: .with()).plan(for: MemoryStorage($0)) }
        print("corpus: \(images.count) images with a usable header, \(plans.count { !$0.isEmpty }) repaired by default")
        #expect(plans.contains { !$0.isEmpty })
        for action in RepairAction.allCases where action.isDefault {
            #expect(plans.contains { $0.actions.contains(action) }, "\(action.rawValue)")
        }
    }

    /// - Parameter variants: tables of 32768 entries take their time, so large images get only the first two.
    private func expectVariants(_ bytes: [UInt8], _ name: String, _ variants: [RepairOptions]) throws {
        for options in bytes.count < 1 << 20 ? variants : Array(variants.prefix(2)) {
            let story: Comment = "\(name): \(options)"
            let image = try RepairCycle(bytes, options)
            try image.expectComplete(story)
            let problems = GuestComparison(image).problems(with: image.plan)
            #expect(problems.isEmpty, "\(story): \(problems.prefix(5))")
            try image.expectUndo(story)
        }
    }
}
