import Foundation
import TestSupport
import Testing

/// Random damage, repaired by us and by QEMU. The number of images is `QEDSCAN_PEER_REPAIRS`, the seed
/// `QEDSCAN_PEER_SEED`; `QEDSCAN_PEER_CASE` takes the image of that number alone.
@Suite(.enabled(if: Peer.isInstalled, "qemu-utils is not installed"))
struct RepairMutationPeerTests {
    @Test func clearedEntriesAreAsQEMULeavesThem() async throws {
        let seed = Seed.next(variable: "QEDSCAN_PEER_SEED")
        let comparison = try await RepairComparison.run(RepairMutationPeerTests.images(seed))
        comparison.expectEqualBytes()
        print("RepairMutationPeerTests: \(comparison)")
        if RepairMutationPeerTests.cases.count >= 300 { #expect(comparison.cleared >= 30) }
    }

    @Test func guestReadsOnlyWhatThePlanSaysDifferently() async throws {
        let seed = Seed.next(variable: "QEDSCAN_PEER_SEED")
        let round = RepairRound(clusters: 32, largestClusterSize: 4096)
        // Reading takes QEMU several processes an image.
        let images = try await round.look(at: RepairMutationPeerTests.images(seed, share: 2))
        var (compared, repaired) = (0, 0)
        for image in images {
            #expect(image.unforeseen.isEmpty, "\(image.description)")
            #expect(image.restored == image.before, "\(image.description)")
            let disagreement = image.expectationAfter.disagreement(with: image.qemuAfter)
            #expect(disagreement == nil, "\(image.description)")
            if let plan = image.plan { #expect(image.reportAfter.corruptions == plan.after.corruptions) }
            guard image.differences != nil else { continue }
            compared += 1
            repaired += image.isChanged ? 1 : 0
        }
        print("RepairMutationPeerTests: \(images.count) images, \(compared) read by QEMU, \(repaired) repaired of them")
        if images.count >= 150 { #expect(repaired >= 30) }
    }

    private static var cases: Range<Int> {
        func number(_ variable: String) -> Int? { ProcessInfo.processInfo.environment[variable].flatMap { Int($0) } }
        if let one = number("QEDSCAN_PEER_CASE") { return one..<one + 1 }
        return 0..<(number("QEDSCAN_PEER_REPAIRS") ?? 300)
    }

    private static func images(_ seed: UInt64, share: Int = 1) -> [(String) throws -> String] {
        cases.prefix((cases.count + share - 1) / share).map { number in
            { "\(try MutatedImage(number: number, seed: seed, path: $0, writesData: true))" }
        }
    }
}
