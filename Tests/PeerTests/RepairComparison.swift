import QED
import TestSupport
import Testing

/// Images of which we only clear invalid entries, and copies that `qemu-img check -r all` repairs: the same bytes,
/// but for two words of the header in which QEMU does something else.
struct RepairComparison: CustomStringConvertible {
    private var results: [(image: RepairedImage, difference: String?)] = []
    private var exempt: [String: Int] = [:]
    /// Those whose dirty bit QEMU cleared with corruption left.
    private var falselyClean = 0

    var compared: Int { results.count }
    var cleared: Int { results.count { $0.image.plan?.actionNames.contains("clear-invalid") ?? false } }

    var description: String {
        let reasons = exempt.sorted { $0.key < $1.key }.map { "\($1) \($0)" }
        return "\(compared) files compared with qemu-img check -r all, entries cleared in \(cleared), "
            + "\(falselyClean) of QEMU's clean with corruption left; not compared: \(reasons.joined(separator: ", "))"
    }

    static func run(
        _ images: [(String) throws -> String]
    ) async throws -> RepairComparison {
        let round = RepairRound(clusters: 0, options: ["--only", "clear-invalid,clear-dirty"])
        let repaired = try await round.look(at: images)
        let folder = try TemporaryFolder()
        for image in repaired { try image.before.write(to: folder.file(image.name)) }
        try await ShellBatch.run(
            repaired.map { ["qemu-img", "check", "-q", "-r", "all", QEMUImage.withoutBacking($0.name)] },
            in: folder.path)
        var comparison = RepairComparison()
        for image in repaired { comparison.add(image, qemu: try FileContents(path: folder.file(image.name))) }
        return comparison
    }

    func expectEqualBytes() {
        for result in results { #expect(result.difference == nil, "\(result.image.description)") }
    }

    private mutating func add(_ image: RepairedImage, qemu: FileContents) {
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
        results.append((image, expected.difference(from: qemu)))
    }

    /// Why the two repairs differ in more; nil if they must not.
    private static func exemption(_ image: RepairedImage) -> String? {
        let hasMagic = Array("QED\0".utf8).enumerated().allSatisfy { image.before[$0] == $1 }
        guard hasMagic, let header = image.header, image.reportBefore.fault == nil else { return "unusable" }
        if header.tableSize == 1 { return "with a table size of 1, which QEMU refuses" }
        let wrong: Set<QEMUFault> = [.imageSizeLimitWraps, .tableAcrossFalseBoundary]
        if !image.expectationBefore.faults.isDisjoint(with: wrong) { return "that QEMU misjudges" }
        let kinds = Set(image.reportBefore.findings.map(\.kind))
        // QEMU zeroes these entries, and the bytes that are there are lost.
        if !kinds.isDisjoint(with: [.dataClusterTruncated, .l2TableTruncated]) { return "with a truncated tail" }
        // QEMU does not walk the later of two tables; we change neither.
        if kinds.contains(.l2TableOverlaps) { return "with overlapping tables" }
        // The guest reads such a table: we change nothing in it while the entry is not cloned.
        if kinds.contains(.dataClusterInMetadata) { return "with tables that are read as data" }
        return nil
    }
}
