import Corpus
import Files
import QED
import TestSupport
import Testing

@testable import qedscan

@Suite(.enabled(if: Peer.isInstalled, "qemu-utils is not installed"))
struct CorpusPeerTests {
    /// One case with everything that was said of it.
    private struct Sighting: Sendable {
        let corpusCase: CorpusCase
        let report: CheckResult
        let expectation: QEMUExpectation
        let qemu: PeerResult
        let ours: PeerResult

        /// QEMU's faults that make it differ from us.
        var faults: Set<QEMUFault> { qemu == ours ? [] : expectation.faults }
    }

    @Test func qemuGivesWhatIsExpectedOfIt() async throws {
        for sighting in try await CorpusPeerTests.sightings.value {
            let disagreement = sighting.expectation.disagreement(with: sighting.qemu)
            #expect(disagreement == nil, "\(sighting.corpusCase.name)")
        }
    }

    @Test func ourProgramGivesWhatQEMUGives() async throws {
        for sighting in try await CorpusPeerTests.sightings.value where sighting.faults.isEmpty {
            #expect(sighting.ours == sighting.qemu, "\(sighting.corpusCase.name)")
        }
    }

    @Test func ourProgramGivesWhatTheCheckInProcessGives() async throws {
        for sighting in try await CorpusPeerTests.sightings.value {
            #expect(sighting.ours == CorpusPeerTests.truth(sighting.report), "\(sighting.corpusCase.name)")
        }
    }

    /// A QEMU that is right in one of these makes this fail, and so does a new case in which it is wrong.
    @Test func qemuIsWrongOnlyInTheKnownCases() async throws {
        for sighting in try await CorpusPeerTests.sightings.value {
            #expect(
                sighting.faults == CorpusPeerTests.knownFaults(sighting.corpusCase), "\(sighting.corpusCase.name)")
        }
    }

    private static func knownFaults(_ corpusCase: CorpusCase) -> Set<QEMUFault> {
        // Of the samples with one cluster per table QEMU only sees what it tests before the place of the L1 table.
        let testedLater: Set<FindingKind> = [
            .headerSizeTooLarge, .backingFilenameOutsideHeader, .backingFilenameTooLong,
        ]
        let isUsable = corpusCase.expected.total != nil
        if corpusCase.plan.tableSize == 1 {
            let reachesTables = corpusCase.expected.findings.contains { testedLater.contains($0.kind) }
            return isUsable || reachesTables ? [.refusesTableSizeOne] : []
        }
        return corpusCase.name.hasPrefix("a cluster less one byte, ") ? [.shortTailIsWhole] : []
    }

    /// What our program must say.
    private static func truth(_ report: CheckResult) -> PeerResult {
        if let fault = report.fault { return PeerResult(status: 1, reason: fault.qemuReason) }
        let counters = PeerResult.Counters(report, leaks: Int64(clamping: report.leaks))
        return PeerResult(status: counters.status, counters: counters)
    }

    private static let sightings = Task { try await look() }

    private static func look() async throws -> [Sighting] {
        guard let img = Peer.img, let qedscan = Tool.built("qedscan") else {
            throw BatchError(reason: "qedscan is not built")
        }
        let directory = try TemporaryDirectory()
        var batch = ShellBatch()
        for (index, corpusCase) in CorpusCase.all.enumerated() {
            let name = "\(index).qed"
            try corpusCase.write(to: directory.file(name))
            batch.add([img.path, "check", "--output=json", QEMUImage.withoutBacking(name)])
            batch.add([qedscan.path, "check", "-f", "qed", "--output=json", name])
        }
        let runs = try await batch.run(in: directory.path)
        return try CorpusCase.all.enumerated().map { index, corpusCase in
            let file = try ImageFile(path: RawPath(directory.file("\(index).qed")))
            let report = Checker().check(file)
            return Sighting(
                corpusCase: corpusCase, report: report,
                expectation: try QEMUExpectation(file, report, reason: { $0.qemuReason }),
                qemu: try PeerResult(runs[2 * index]), ours: try PeerResult(runs[2 * index + 1]))
        }
    }
}
