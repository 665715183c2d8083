import QED
import TestSupport
import Testing

/// Images of which we only clear invalid entries, and copies that `qemu-img check -r all` repairs: the same bytes,
/// but for two words of the header in which QEMU does something else.
struct RepairComparison: CustomStringConvertible {
    /// An image before and after a repair of ours that clears entries and the dirty bit.
    struct Repair {
        /// What was wrong with it, and how to repeat it.
        let description: String
        let before: FileContents
        let after: FileContents
        let reportBefore: CheckResult
        let reportAfter: CheckResult
        let expectationBefore: QEMUExpectation
        let clearsEntries: Bool
    }

    private(set) var compared = 0
    /// Of them, those in which we cleared entries.
    private(set) var cleared = 0
    /// Those that neither could open, and that neither changed.
    private var refused = 0
    private var differences: [String] = []
    private var exempt: [String: Int] = [:]
    /// Those whose dirty bit QEMU cleared with corruption left.
    private var falselyClean = 0

    var description: String {
        let reasons = exempt.sorted { $0.key < $1.key }.map { "\($1) \($0)" }
        return "\(compared) files compared with qemu-img check -r all, entries cleared in \(cleared), "
            + "\(falselyClean) of QEMU's clean with corruption left; \(refused) refused by both; not compared: \(reasons.joined(separator: ", "))"
    }

    static func run(
        _ images: [(String) throws -> String]
    ) async throws -> RepairComparison {
        let round = RepairRound(clusters: 0, options: ["--only", "clear-invalid,clear-dirty"])
        let repaired = try await round.look(at: images)
        let directory = try TemporaryDirectory()
        for image in repaired { try image.before.write(to: directory.file(image.name)) }
        try await ShellBatch.run(
            repaired.map { ["qemu-img", "check", "-q", "-r", "all", QEMUImage.withoutBacking($0.name)] },
            in: directory.path)
        var comparison = RepairComparison()
        for image in repaired {
            comparison.add(Repair(image), qemu: try FileContents(path: directory.file(image.name)))
        }
        return comparison
    }

    func expectEqualBytes() {
        for difference in differences { Issue.record("\(difference)") }
    }

    /// - Parameter qemu: what QEMU's repair made of the same image.
    mutating func add(_ image: Repair, qemu: FileContents) {
        if image.expectationBefore.result?.status == 1, image.before == image.after {
            refused += 1
            return expectSame(image.before, qemu, image)
        }
        if let exemption = RepairComparison.exemption(image) {
            exempt[exemption, default: 0] += 1
            return
        }
        var expected = image.after
        // Any opening for writing clears unknown autoclear bits.
        let autoclear = Int(HeaderField.autoclearFeatures.offset)
        for offset in autoclear..<autoclear + 8 { expected[offset] = 0 }
        if image.reportAfter.corruptions > 0 {
            // QEMU clears the dirty bit before it looks, and we leave it. Without corruption both clear it.
            let features = Int(HeaderField.features.offset)
            if expected[features] & 2 != 0 { falselyClean += 1 }
            expected[features] &= ~2
        }
        compared += 1
        if image.clearsEntries { cleared += 1 }
        expectSame(expected, qemu, image)
    }

    private mutating func expectSame(_ expected: FileContents, _ qemu: FileContents, _ image: Repair) {
        guard let difference = expected.difference(from: qemu) else { return }
        differences.append("\(difference): \(image.description)")
    }

    /// Why the two repairs differ in more; nil if they must not.
    private static func exemption(_ image: Repair) -> String? {
        let hasMagic = Array("QED\0".utf8).enumerated().allSatisfy { image.before[$0] == $1 }
        let report = image.reportBefore
        guard hasMagic, let header = report.header, report.fault == nil else { return "unusable" }
        if header.tableSize == 1 { return "with a table size of 1, which QEMU refuses" }
        let wrong: Set<QEMUFault> = [.imageSizeLimitWraps, .tableAcrossFalseBoundary]
        if !image.expectationBefore.faults.isDisjoint(with: wrong) { return "that QEMU misjudges" }
        let kinds = Set(report.findings.map(\.kind))
        // QEMU zeroes these entries, and the bytes that are there are lost.
        if !kinds.isDisjoint(with: [.dataClusterTruncated, .l2TableTruncated]) { return "with a truncated tail" }
        // QEMU does not walk the later of two tables; we change neither.
        if kinds.contains(.l2TableOverlaps) { return "with overlapping tables" }
        // The guest reads such a table: we change nothing in it while the entry is not cloned.
        if kinds.contains(.dataClusterInMetadata) { return "with tables that are read as data" }
        return nil
    }
}

extension RepairComparison.Repair {
    fileprivate init(_ image: ObservedRepair) {
        self.init(
            description: image.description, before: image.before, after: image.after, reportBefore: image.reportBefore,
            reportAfter: image.reportAfter, expectationBefore: image.expectationBefore,
            clearsEntries: image.plan?.actionNames.contains("clear-invalid") ?? false)
    }
}
