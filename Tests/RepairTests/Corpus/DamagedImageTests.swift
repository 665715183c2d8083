import Corpus
import Lab
import QED
import Repair
import TestSupport
import Testing

/// Images with several defects at once.
@Suite struct DamagedImageTests {
    private static let plans: [ImagePlan] = [UInt32(1), 2].flatMap { tableSize in
        [nil, "base.raw"].map { backing in
            var plan = ImagePlan()
            plan.clusterSize = 4096
            plan.tableSize = tableSize
            plan.imageSize = 4 * plan.entriesPerTable * 4096
            plan.allocation = backing == nil ? .sequential : .shuffled
            plan.guestClusters = .firstOfEachTable(5)
            plan.zeroShare = 0.1
            plan.writesData = true
            plan.backingFilename = backing
            plan.seed = UInt64(tableSize)
            return plan
        }
    }

    @Test(arguments: DamagedImageTests.plans)
    func everyReadableClusterReadsTheSameAndTheRestIsListed(_ plan: ImagePlan) throws {
        let seed = Seed.value
        let sound = try #require(try TestImage.bytes(of: plan))
        var count = (tried: 0, repaired: 0, refused: 0)
        for round in 0..<520 as Range<UInt64> {
            let damage = RandomDamage(sound, seed: seed &+ round &* 1000)
            let story: Comment = "QEDSCAN_SEED=\(seed), round \(round): \(damage.story)"
            let options = RepairOptions.variants[Int(round) % RepairOptions.variants.count]
            count.tried += 1
            switch try expectSoundRepair(damage.bytes, options, undoes: round % 3 == 0, story) {
            case true?: count.repaired += 1
            case false?: break
            case nil: count.refused += 1
            }
        }
        print("damaged, table size \(plan.tableSize): \(count)")
        #expect(count.repaired > count.tried / 2)
    }

    @Test(arguments: DamagedImageTests.plans)
    func mutationsAreRepairedLikewise(_ plan: ImagePlan) throws {
        let seed = Seed.value
        let scratch = try TemporaryDirectory()
        for round in 0..<60 as Range<UInt64> {
            var random = SeededRandom(seed: seed &+ round &* 1000)
            try ImageWriter(plan).write(to: scratch.file())
            let editor = try ImageEditor(path: scratch.file())
            var story = "QEDSCAN_SEED=\(seed), round \(round):"
            for _ in 0...Int.random(in: 0...3, using: &random) {
                let mutation = try Mutation.random(for: editor, using: &random)
                try mutation.apply(to: editor)
                story += " \(mutation);"
            }
            guard try editor.size() < 1 << 20 else { continue }
            let bytes = Array(try scratch.contents())
            let options = RepairOptions.variants[Int(round) % RepairOptions.variants.count]
            guard Checker().check(MemoryStorage(bytes)).geometry.map({ $0.imageClusters < 1 << 16 }) ?? false else {
                continue
            }
            _ = try expectSoundRepair(bytes, options, undoes: true, "\(story)")
        }
    }

    /// Whether something was repaired; nil if the image cannot be repaired.
    private func expectSoundRepair(_ bytes: [UInt8], _ options: RepairOptions, undoes: Bool, _ story: Comment) throws
        -> Bool?
    {
        let image: RepairCycle
        do {
            image = try RepairCycle(bytes, options)
        } catch let failure as RepairFailure {
            Issue.record("\(failure), \(options): \(story)")
            return nil
        }
        guard image.plan.before.geometry != nil || !image.plan.isEmpty else { return false }
        let story: Comment = "\(options): \(story)"
        try image.expectComplete(story)
        let problems = GuestComparison(image).problems(with: image.plan)
        #expect(problems.isEmpty, "\(problems.prefix(5)): \(story)")
        if undoes { try image.expectUndo(story) }
        return !image.plan.isEmpty
    }
}
