import Corpus
import Foundation
import Lab
import QED
import TestSupport
import Testing

/// Every case of the corpus, with data: repaired by qedscan, read and checked by QEMU, and rolled back.
@Suite(.enabled(if: Peer.isInstalled, "qemu-utils is not installed"))
struct RepairPeerTests {
    @Test func guestReadsOnlyWhatThePlanSaysDifferently() async throws {
        var compared = 0
        for image in try await RepairPeerTests.images.value {
            #expect(image.unforeseen.isEmpty, "\(image.description)")
            compared += image.differences == nil ? 0 : 1
        }
        // QEMU opens only those with tables of more than a cluster.
        print("RepairPeerTests: \(compared) corpus cases compared by qemu-img convert")
        #expect(compared >= 50)
    }

    /// Which ones cannot be read follows from a rule: QEMU refuses tables of one cluster.
    @Test func qemuReadsAllThatItOpens() async throws {
        for image in try await RepairPeerTests.images.value {
            guard let header = image.header, !image.readings.isEmpty else { continue }
            let isRefused = !image.expectationBefore.faults.isDisjoint(with: [.refusesTableSizeOne])
            #expect(image.readings.allSatisfy { ($0 == 0) != isRefused }, "\(image.description)")
            #expect(isRefused == (header.tableSize == 1), "\(image.description)")
        }
    }

    @Test func checkAfterwardsFindsWhatThePlanSays() async throws {
        for image in try await RepairPeerTests.images.value {
            let disagreement = image.expectationAfter.disagreement(with: image.qemuAfter)
            #expect(disagreement == nil, "\(image.description)")
            guard let plan = image.plan else {
                #expect(!image.isChanged, "\(image.description)")
                continue
            }
            #expect(image.reportAfter.corruptions == plan.after.corruptions, "\(image.description)")
            #expect(image.reportAfter.outcome.rawValue == plan.after.outcome, "\(image.description)")
            #expect(image.reportAfter.isDirty == plan.after.dirty, "\(image.description)")
            if plan.after.corruptions == 0, let counters = image.qemuAfter.counters {
                #expect(counters.corruptions == 0, "\(image.description)")
            }
        }
    }

    @Test func undoGivesTheSameBytes() async throws {
        var changed = 0
        for image in try await RepairPeerTests.images.value {
            #expect(image.restored == image.before, "\(image.description)")
            changed += image.isChanged ? 1 : 0
        }
        #expect(changed >= 50)
    }

    @Test func clearedEntriesAreAsQEMULeavesThem() async throws {
        let comparison = try await RepairComparison.run(
            CorpusCase.all.map { corpusCase in { try corpusCase.writeWithData(to: $0) } })
        comparison.expectEqualBytes()
        print("RepairPeerTests: \(comparison)")
        #expect(comparison.compared >= 40)
    }

    private static let images = Task {
        try await RepairRound().look(
            at: CorpusCase.all.map { corpusCase in { try corpusCase.writeWithData(to: $0) } })
    }
}

extension CorpusCase {
    /// Makes the image with bytes in its data clusters, different in each. Returns the case's name.
    func writeWithData(to path: String) throws -> String {
        var plan = plan
        plan.writesData = true
        plan.seed = 2010
        try ImageWriter(plan).write(to: path)
        let editor = try ImageEditor(path: path)
        for edit in edits { try edit.apply(to: editor) }
        return name
    }
}
