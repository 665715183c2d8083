import Lab
import QED

/// One case of random damage: all of it follows from the seed and the number.
struct MutatedImage {
    let path: String
    private let number: Int
    private let seed: UInt64
    private let plan: ImagePlan
    private var defect: Defect?
    private var mutations: [Mutation] = []

    /// Makes the image, on request with bytes in its data clusters.
    init(number: Int, seed: UInt64, path: String, writesData: Bool = false) throws {
        self.path = path
        self.number = number
        self.seed = seed
        var random = SeededRandom(seed: seed &+ UInt64(number) &* 0xD1B5_4A32_D192_ED03)
        var plan = MutatedImage.plan(using: &random)
        plan.writesData = writesData
        self.plan = plan
        try ImageWriter(plan).write(to: path)
        let editor = try ImageEditor(path: path)
        // Now and then the mutations find an image that is damaged already.
        if Int.random(in: 0..<4, using: &random) == 0, let defect = Defect.allCases.randomElement(using: &random) {
            try defect.apply(to: editor, using: &random)
            self.defect = defect
        }
        for _ in 0...Int.random(in: 0...3, using: &random) {
            let mutation = try Mutation.random(for: editor, using: &random)
            try mutation.apply(to: editor)
            mutations.append(mutation)
        }
    }

    /// Small images of each layout that QEMU opens, large ones at times.
    private static func plan(using random: inout SeededRandom) -> ImagePlan {
        var plan = ImagePlan()
        plan.clusterSize = Int.random(in: 0..<5, using: &random) == 0 ? 65536 : 4096
        plan.tableSize = [2, 2, 4, 16].randomElement(using: &random) ?? 2
        if plan.clusterSize == 65536 { plan.tableSize = min(plan.tableSize, 4) }
        plan.headerSize = [1, 1, 1, 2].randomElement(using: &random) ?? 1
        plan.imageSize = UInt64.random(in: 2...5, using: &random) * plan.entriesPerTable * UInt64(plan.clusterSize)
        plan.allocation = Bool.random(using: &random) ? .sequential : .shuffled
        plan.guestClusters = .firstOfEachTable(UInt64.random(in: 2...30, using: &random))
        plan.zeroShare = [0, 0.2].randomElement(using: &random) ?? 0
        plan.seed = random.next()
        return plan
    }
}

extension MutatedImage: CustomStringConvertible {
    var description: String {
        let repeating = "repeat: QEDSCAN_PEER_SEED=\(seed) QEDSCAN_PEER_CASE=\(number)"
        return "\(repeating)\n\(plan)\n\(defect.map { "defect \($0.rawValue), " } ?? "")\(mutations)"
    }
}
