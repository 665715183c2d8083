import Corpus
import Files
import Foundation
import QED
import Repair
import TestSupport
import Testing

/// Every field of small images, changed in eight ways: checked by us, by the naive check and by QEMU, and repaired by us
/// and by QEMU. Of the entries that are 0 only a sample is changed: `QEDSCAN_FIELD_CASES=all` takes all.
@Suite(.enabled(if: Peer.isInstalled, "qemu-utils is not installed"))
struct FieldPeerTests {
    private static let batchSize = 50
    private static let batchesAtOnce = 2

    @Test func qemuAndWeAgreeOnEveryChangeOfAField() async throws {
        let seed = Seed.next(variable: "QEDSCAN_PEER_SEED")
        let unused = FieldSample.unused(40)
        let tally = MutationTally()
        var comparison = RepairComparison()
        var count = 0
        let start = ContinuousClock.now
        for layout in FieldLayout.chosen.filter(\.isForQEMU) {
            let directory = try TemporaryDirectory()
            try layout.write(to: directory.file())
            let image = try FieldImage(path: directory.file())
            let cases = image.cases(unused: unused, seed: seed)
            let batches = stride(from: 0, to: cases.count, by: FieldPeerTests.batchSize).map { first in
                FieldBatch(
                    layout: layout, image: image, seed: seed,
                    cases: Array(cases[first..<min(first + FieldPeerTests.batchSize, cases.count)]))
            }
            try await FieldPeerTests.run(batches, tally) { repair, qemu in comparison.add(repair, qemu: qemu) }
            count += cases.count
            if unused == nil { print("\(layout): \(cases.count) cases, \(ContinuousClock.now - start) in all") }
        }
        comparison.expectEqualBytes()
        tally.print("FieldPeerTests", seed: seed, count: count, duration: ContinuousClock.now - start)
        print("  \(comparison)")
        guard FieldLayout.chosen.count == FieldLayout.all.count, count >= 1000 else { return }
        tally.expectVariety()
        #expect(comparison.compared > count / 4 && comparison.cleared > count / 8)
    }

    private static func run(
        _ batches: [FieldBatch], _ tally: MutationTally, _ add: (RepairComparison.Repair, FileContents) -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: [FieldBatch.RepairPair].self) { group in
            for (number, batch) in batches.enumerated() {
                if number >= batchesAtOnce {
                    for pair in try await group.next() ?? [] { add(pair.ours, pair.qemu) }
                }
                group.addTask { try await batch.run(tally) }
            }
            for try await pairs in group {
                for pair in pairs { add(pair.ours, pair.qemu) }
            }
        }
    }
}

/// Some cases of one layout, in their own directory.
struct FieldBatch: Sendable {
    /// What we would make of an image, and what QEMU made of it.
    struct RepairPair: Sendable {
        let ours: RepairComparison.Repair
        let qemu: FileContents
    }

    let layout: FieldLayout
    let image: FieldImage
    let seed: UInt64
    let cases: [FieldCase]

    /// Checks and repairs them.
    func run(_ tally: MutationTally) async throws -> [RepairPair] {
        let directory = try TemporaryDirectory()
        var bytes = image.bytes
        var checks: [[String]] = []
        var repairs: [[String]] = []
        for (number, fieldCase) in cases.enumerated() {
            fieldCase.apply(to: &bytes)
            let name = "\(number).qed"
            _ = try directory.write(bytes, to: name)
            checks.append(["qemu-img", "check", "--output=json", QEMUImage.withoutBacking(name)])
            _ = try directory.write(bytes, to: "repaired-" + name)
            repairs.append(["qemu-img", "check", "-q", "-r", "all", QEMUImage.withoutBacking("repaired-" + name)])
            fieldCase.revert(in: &bytes)
        }
        let runs = try await ShellBatch.run(checks + repairs, in: directory.path)
        return try cases.indices.map { try compare($0, runs[$0], in: directory, tally) }
    }

    private func compare(
        _ number: Int, _ run: ShellBatch.Result, in directory: TemporaryDirectory, _ tally: MutationTally
    ) throws -> RepairPair {
        let name = "\(number).qed"
        let story = "QEDSCAN_PEER_SEED=\(seed), \(layout): \(cases[number])"
        let comparison = try CheckComparison(directory.file(name), story)
        try comparison.expectAgreement(with: run, tally)
        return RepairPair(
            ours: try repair(directory.file(name), comparison, story),
            qemu: try FileContents(path: directory.file("repaired-" + name)))
    }

    /// What our plan makes of an image: that a repair does what the plan says, other tests see to.
    private func repair(
        _ path: String, _ comparison: CheckComparison, _ story: String
    ) throws -> RepairComparison.Repair {
        var options = RepairOptions()
        options.actions = [.clearInvalid, .clearDirty]
        let plan = try RepairPlanner(options: options).plan(for: ImageFile(path: RawPath(path)))
        let before = try FileContents(path: path)
        var after = before
        for write in plan.writes {
            guard case .words(_, let words) = write.content else {
                Issue.record("\(story): a write that is no change of words")
                continue
            }
            for (position, byte) in words.enumerated() { after[Int(write.offset) + position] = byte }
        }
        return RepairComparison.Repair(
            description: story, before: before, after: after, reportBefore: comparison.report,
            reportAfter: plan.after, expectationBefore: comparison.expectation,
            clearsEntries: plan.actions.contains(.clearInvalid))
    }
}
