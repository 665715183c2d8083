import Corpus
import Lab
import QED
import Repair
import TestSupport
import Testing

/// A crash at any point of a repair, of an undo and of a recovery, with any part of what was not yet on disk.
@Suite struct CrashTests {
    @Test(arguments: CrashScenario.all)
    func everyCrashStateIsRecovered(_ scenario: CrashScenario) throws {
        var random = SeededRandom(seed: Seed.value)
        var trial = CrashTrial(try RepairCycle(scenario.image(), scenario.options), "\(scenario)")
        #expect(!trial.image.plan.isEmpty)
        trial.expectBarriers()
        try trial.run(using: &random)
        print("crash states, \(scenario): \(trial.counts)")
        #expect(trial.counts.settled > 10)
    }

    @Test func everyCrashStateOfTheCorpusIsRecovered() throws {
        var random = SeededRandom(seed: Seed.value)
        var total = CrashTrial.Counts()
        for corpusCase in CorpusCase.all where corpusCase.plan.clusterSize == 4096 && corpusCase.plan.tableSize == 1 {
            guard let bytes = try TestImage.bytes(of: corpusCase), bytes.count < 1 << 17 else { continue }
            let image = try RepairCycle(bytes, .with(.cloneTables))
            guard !image.plan.isEmpty else { continue }
            var trial = CrashTrial(image, corpusCase.name)
            trial.nestingInterval = 16
            trial.expectBarriers()
            try trial.run(using: &random)
            total.add(trial.counts)
        }
        print("crash states, corpus: \(total)")
        #expect(total.settled > 1000)
    }
}
