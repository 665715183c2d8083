import Files
import Foundation
import Lab
import QED
import TestSupport
import Testing

@testable import qedscan

/// Random damage, checked by us and by QEMU. The number of cases is `QEDSCAN_PEER_MUTATIONS`, the seed
/// `QEDSCAN_PEER_SEED`; `QEDSCAN_PEER_CASE` runs the case of that number alone.
@Suite(.enabled(if: Peer.isInstalled, "qemu-utils is not installed"))
struct MutationPeerTests {
    private static let batchSize = 50
    /// As many shells as are worth it next to the work in process.
    private static let batchesAtOnce = 3

    @Test func qemuAndWeAgreeOnMutatedImages() async throws {
        let seed = Seed.next(variable: "QEDSCAN_PEER_SEED")
        let cases = MutationPeerTests.cases
        let tally = MutationTally()
        let start = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            var first = cases.lowerBound
            while first < cases.upperBound {
                let batch = first..<min(first + MutationPeerTests.batchSize, cases.upperBound)
                if first >= cases.lowerBound + MutationPeerTests.batchSize * MutationPeerTests.batchesAtOnce {
                    try await group.next()
                }
                group.addTask { try await MutationPeerTests.run(batch, seed: seed, tally) }
                first = batch.upperBound
            }
            try await group.waitForAll()
        }
        tally.print(seed: seed, count: cases.count, duration: ContinuousClock.now - start)
        if cases.count >= 2000 { tally.expectVariety() }
    }

    private static var cases: Range<Int> {
        func number(_ variable: String) -> Int? { ProcessInfo.processInfo.environment[variable].flatMap { Int($0) } }
        if let one = number("QEDSCAN_PEER_CASE") { return one..<one + 1 }
        return 0..<(number("QEDSCAN_PEER_MUTATIONS") ?? 2000)
    }

    private static func run(_ cases: Range<Int>, seed: UInt64, _ tally: MutationTally) async throws {
        guard let img = Peer.img else { return }
        let directory = try TemporaryDirectory()
        var batch = ShellBatch()
        var images: [MutatedImage] = []
        for number in cases {
            let name = "\(number).qed"
            images.append(try MutatedImage(number: number, seed: seed, path: directory.file(name)))
            batch.add([img.path, "check", "--output=json", QEMUImage.withoutBacking(name)])
        }
        let runs = try await batch.run(in: directory.path)
        for (image, run) in zip(images, runs) {
            let comparison = try CheckComparison(image.path, "\(image)")
            try comparison.expectAgreement(with: run, tally)
        }
    }
}

/// The totals of all cases, printed at the end: how many were exempt from the comparison, and by which fault.
final class MutationTally: Sendable {
    private struct Counts {
        var statuses: [Int32: Int] = [:]
        var reasons: [String: Int] = [:]
        var faults: [QEMUFault: Int] = [:]
        var bounded = 0
    }

    private let counts = Locked(Counts())

    func add(_ qemu: PeerResult, _ expectation: QEMUExpectation) {
        counts.withLock { counts in
            counts.statuses[qemu.status, default: 0] += 1
            // The words up to the bits or whatever else goes with them.
            if let reason = qemu.reason?.split(separator: ":").first { counts.reasons[String(reason), default: 0] += 1 }
            for fault in expectation.faults { counts.faults[fault, default: 0] += 1 }
            if expectation.result == nil { counts.bounded += 1 }
        }
    }

    func print(_ test: String = "MutationPeerTests", seed: UInt64, count: Int, duration: Duration) {
        let counts = counts.withLock { $0 }
        let statuses = counts.statuses.sorted { $0.key < $1.key }.map { "\($1) with exit \($0)" }
        let faults = counts.faults.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($1) by \($0.rawValue)" }
        Swift.print("\(test): QEDSCAN_PEER_SEED=\(seed), \(count) cases in \(duration)")
        Swift.print("  " + statuses.joined(separator: ", "))
        for (reason, number) in counts.reasons.sorted(by: { $0.key < $1.key }) {
            Swift.print("  \(number) refused: \(reason)")
        }
        Swift.print("  QEMU is wrong, as expected: " + faults.joined(separator: ", "))
        Swift.print("  of these within bounds only: \(counts.bounded)")
    }

    /// A run that never saw a consistent, leaking, corrupt or refused image would prove little.
    func expectVariety() {
        let counts = counts.withLock { $0 }
        for status in 0...3 as ClosedRange<Int32> { #expect(counts.statuses[status, default: 0] > 20) }
        #expect(counts.reasons.count >= 6)
    }
}
