import Foundation
import QED
import TestSupport
import Testing

@testable import Lab

@Suite struct ImageWriterTests {
    private func plan(_ change: (inout ImagePlan) -> Void) -> ImagePlan {
        var plan = ImagePlan()
        plan.clusterSize = 4096
        plan.tableSize = 1
        plan.imageSize = 6 << 20
        change(&plan)
        return plan
    }

    @Test(arguments: ImagePlan.Allocation.allCases)
    func guestDataIsWhereTheTablesSay(_ allocation: ImagePlan.Allocation) throws {
        let scratch = try TemporaryDirectory()
        let plan = plan {
            $0.allocation = allocation
            $0.guestClusters = .share(0.2)
            $0.zeroShare = 0.2
            $0.writesData = true
            $0.seed = 7
        }
        try ImageWriter(plan).write(to: scratch.file())
        let editor = try ImageEditor(path: scratch.file())
        var dataCount = 0
        for l1Index in 0..<3 {
            for l2Index in 0..<512 {
                let entry = try editor.readL2(l2Index, of: l1Index)
                guard entry > 1 else { continue }
                dataCount += 1
                let guestOffset = UInt64(l1Index * 512 + l2Index) * 4096
                let expected = GuestData.bytes(seed: 7, guestOffset: guestOffset, count: 4096)
                #expect(try editor.read(at: entry, count: 4096) == expected)
            }
        }
        #expect(dataCount > 100)
    }

    @Test func equalPlansGiveEqualBytes() throws {
        let scratch = try TemporaryDirectory()
        for seed in [1, 2] as [UInt64] {
            let plan = plan {
                $0.allocation = .shuffled
                $0.guestClusters = .share(0.5)
                $0.seed = seed
            }
            try ImageWriter(plan).write(to: scratch.file("\(seed)-a"))
            try ImageWriter(plan).write(to: scratch.file("\(seed)-b"))
        }
        #expect(try scratch.contents("1-a") == scratch.contents("1-b"))
        #expect(try scratch.contents("1-a") != scratch.contents("2-a"))
    }

    @Test func permutationReachesEveryPlaceOnce() {
        for count in [1, 2, 3, 10, 97, 4096, 5000] as [UInt64] {
            let permutation = Permutation(count: count, seed: 3)
            #expect((0..<count).map { permutation[$0] }.sorted() == Array(0..<count))
        }
    }

    @Test func impossiblePlanIsRefused() throws {
        let scratch = try TemporaryDirectory()
        for change in [
            { $0.clusterSize = 5000 }, { $0.tableSize = 3 }, { $0.imageSize = 100 }, { $0.imageSize = 2 << 30 },
            { $0.backingFilename = String(repeating: "n", count: 4096) },
        ] as [(inout ImagePlan) -> Void] {
            #expect(throws: LabError.self) { try ImageWriter(plan(change)).write(to: scratch.file()) }
        }
    }

    @Test func errorNamesTheFile() {
        let path = "/nonexistent/image.qed"
        #expect {
            try ImageWriter(ImagePlan()).write(to: path)
        } throws: { error in
            (error as? LabError)?.path == path
        }
    }
}
