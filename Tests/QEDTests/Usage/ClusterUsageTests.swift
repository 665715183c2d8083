import Corpus
import Files
import Lab
import NaiveCheck
import TestSupport
import Testing

@testable import QED

@Suite struct ClusterUsageTests {
    private static let cellCounts = [1, 7, 80, 4000]

    // MARK: - Numbers

    @Test(arguments: CorpusCase.all)
    func totalsAreTheCheckers(_ corpusCase: CorpusCase) throws {
        let scratch = try TemporaryDirectory()
        try corpusCase.write(to: scratch.file())
        try expectCheckersTotals(scratch.file(), "\(corpusCase.name)")
    }

    @Test(arguments: MutatedPlans.all)
    func totalsAreTheCheckersOnMutatedImages(_ plan: ImagePlan) throws {
        let scratch = try TemporaryDirectory()
        for round in 0..<40 as Range<UInt64> {
            var random = SeededRandom(seed: Seed.value &+ round &* 77)
            try ImageWriter(plan).write(to: scratch.file())
            let editor = try ImageEditor(path: scratch.file())
            var story = "QEDSCAN_SEED=\(Seed.value), round \(round)"
            for _ in 0...Int.random(in: 0...3, using: &random) {
                let mutation = try Mutation.random(for: editor, using: &random)
                try mutation.apply(to: editor)
                story += ", \(mutation)"
            }
            try expectCheckersTotals(scratch.file(), story)
        }
    }

    @Test(arguments: CorpusCase.all)
    func everyClusterHasTheUseThatTheTablesGiveIt(_ corpusCase: CorpusCase) throws {
        let scratch = try TemporaryDirectory()
        try corpusCase.write(to: scratch.file())
        // One case has too many clusters for a cell each.
        guard try ImageFile(path: RawPath(scratch.file())).size <= 256 << 20 else { return }
        let naive = try NaiveReport(path: scratch.file())
        guard naive.header.verdict == .usable, naive.header.fileClusters <= 4000 else { return }
        let usage = try usage(scratch.file(), cells: 4000)
        let uses = usage.file.cells.map { $0.leadingUse == .hole ? FileUse.data : $0.leadingUse }
        #expect(uses == naive.fileUses)
    }

    // MARK: - Cells

    @Test(arguments: CorpusCase.all)
    func cellsAreEqualPartsThatAddUp(_ corpusCase: CorpusCase) throws {
        let scratch = try TemporaryDirectory()
        try corpusCase.write(to: scratch.file())
        guard let whole = try? usage(scratch.file(), cells: 1) else { return }
        for count in ClusterUsageTests.cellCounts {
            let usage = try usage(scratch.file(), cells: count)
            #expect(usage.file.total == whole.file.total)
            #expect(usage.guest.total == whole.guest.total)
            expectEqualParts(usage.file, count: count)
            expectEqualParts(usage.guest, count: count)
        }
    }

    @Test func coarseCellsAreSumsOfFineOnes() throws {
        let scratch = try TemporaryDirectory()
        let shuffled = try #require(CorpusCase.all.first { $0.name == "all clusters, shuffled" })
        try shuffled.write(to: scratch.file())
        let fine = try usage(scratch.file(), cells: 4000)
        let coarse = try usage(scratch.file(), cells: 7)
        #expect(fine.file.clustersPerCell == 1)
        for cell in coarse.file.cells {
            for use in FileUse.allCases {
                let sum = fine.file.cells.filter { cell.clusters.contains($0.clusters.lowerBound) }
                    .reduce(0) { $0 + $1.counts[use] }
                #expect(cell.counts[use] == sum)
            }
        }
    }

    @Test func cellShowsDamageBeforeAllElseAndTablesOnlyWhereThereAreMany() throws {
        var cells = StripBuilder<FileUse>(clusterCount: 1000, cellCount: 2)
        cells.add(.data, 0..<400)
        cells.add(.l2Table, 400..<404)
        cells.add(.data, 404..<900)
        cells.add(.l2Table, 900..<905)
        #expect(cells.strip(filledWith: .data).cells.map(\.leadingUse) == [.data, .l2Table])
        cells.add(.shared, 905..<906)
        #expect(cells.strip(filledWith: .leaked).cells.map(\.leadingUse) == [.data, .shared])

        var tables = StripBuilder<FileUse>(clusterCount: 1000, cellCount: 1)
        tables.add(.hole, 0..<999)
        #expect(tables.strip(filledWith: .l2Table).cells.map(\.leadingUse) == [.hole])
        tables.add(.leaked, 999..<1000)
        #expect(tables.strip(filledWith: .l2Table).cells.map(\.leadingUse) == [.leaked])
    }

    @Test func dataInHolesIsToldFromDataOnDisk() throws {
        let scratch = try TemporaryDirectory()
        var plan = ImagePlan()
        plan.imageSize = 8 << 20
        plan.guestClusters = .first(8)
        try ImageWriter(plan).write(to: scratch.file())
        let editor = try ImageEditor(path: scratch.file())
        let end = try editor.size()
        // Two clusters more, of which the second has a sector on disk.
        try editor.truncate(to: end + 2 * 65536)
        try editor.writeL2(end, at: 100, of: 0)
        try editor.writeL2(end + 65536, at: 101, of: 0)
        try editor.write([1], at: end + 65536 + 5000)
        let usage = try usage(scratch.file(), cells: 4000)
        #expect(usage.knowsHoles)
        #expect(usage.file.cells.suffix(2).map(\.leadingUse) == [.hole, .data])
        #expect(usage.file.total[.hole] + usage.file.total[.data] == 10)
    }

    // MARK: - Helpers

    private func usage(_ path: String, cells: Int) throws -> ClusterUsage {
        try ClusterUsage.read(try ImageFile(path: RawPath(path)), cellCount: cells)
    }

    private func expectEqualParts<Use: ClusterUse>(_ strip: UsageStrip<Use>, count: Int) {
        #expect(strip.cells.count == Int(min(UInt64(count), strip.clusterCount)))
        // One expectation for all cells: each costs more than the test.
        var next: UInt64 = 0
        var sums = [UInt64](repeating: 0, count: Use.allCases.count)
        var areEqual = true
        let largest = strip.clustersPerCell
        for cell in strip.cells {
            let size = UInt64(cell.clusters.count)
            areEqual = areEqual && cell.clusters.lowerBound == next && cell.counts.sum == size
            areEqual = areEqual && size > 0 && (largest - 1...largest).contains(size)
            for (use, count) in cell.counts.present { sums[use.rawValue] += count }
            next = cell.clusters.upperBound
        }
        #expect(areEqual)
        #expect(next == strip.clusterCount)
        #expect(sums == Use.allCases.map { strip.total[$0] })
    }

    private func expectCheckersTotals(_ path: String, _ what: String) throws {
        let story = Comment(rawValue: what)
        let report = try check(path)
        let file = try ImageFile(path: RawPath(path))
        let usage: ClusterUsage
        do throws(ClusterUsageFault) {
            usage = try ClusterUsage.read(file, cellCount: 7)
        } catch {
            if report.header?.hasMagic == true {
                #expect(error == report.fault.map { .header($0) }, story)
            } else {
                #expect(error == .notQED, story)
            }
            return
        }
        #expect(usage.entries.allocated == report.counts.allocated, story)
        #expect(usage.entries.zero == report.counts.zero, story)
        #expect(usage.entries.corruptions == report.corruptions, story)
        #expect(usage.file.total[.leaked] == report.leaks, story)
        #expect(usage.isComplete, story)
        let clusters = usage.geometry.fileClusters + (usage.geometry.hasPartialCluster ? 1 : 0)
        #expect(usage.file.total.sum == clusters, story)
        #expect(usage.file.total[.partialTail] == (usage.geometry.hasPartialCluster ? 1 : 0), story)
        #expect(usage.guest.total.sum == report.totalClusters, story)
        #expect((usage.file.total[.shared] > 0) == (usage.entries.sharedReferences > 0), story)
        guard report.corruptions == 0, !report.findings.contains(where: { $0.kind == .entryBeyondImage }) else {
            return
        }
        // Of a sound image all is known by arithmetic.
        #expect(usage.file.total[.l1Table] == usage.geometry.tableClusters, story)
        #expect(usage.file.total[.data] + usage.file.total[.hole] == report.counts.allocated, story)
        #expect(usage.guest.total[.allocated] == report.counts.allocated, story)
        #expect(usage.guest.total[.zero] == report.counts.zero, story)
    }
}

/// Small images of different layouts, so that a mutation has something to hit.
private enum MutatedPlans {
    static let all: [ImagePlan] = [UInt32(1), 2].map { tableSize in
        var plan = ImagePlan()
        plan.clusterSize = 4096
        plan.tableSize = tableSize
        plan.imageSize = 3 * plan.entriesPerTable * 4096
        plan.guestClusters = .firstOfEachTable(20)
        plan.zeroShare = 0.1
        plan.seed = UInt64(tableSize)
        return plan
    }
}

extension NaiveReport {
    /// What each cluster of the file is used for. Data in a hole counts as data.
    fileprivate var fileUses: [FileUse] {
        let whole = (0..<header.fileClusters).map { cluster in
            guard cluster >= header.headerEnd / header.clusterSize else { return FileUse.header }
            let uses = uses[cluster] ?? []
            guard uses.count == 1 else { return uses.isEmpty ? .leaked : .shared }
            return switch uses[0] {
            case .l1Table: .l1Table
            case .l2Table: .l2Table
            case .data: .data
            }
        }
        return whole + (header.fileSize % header.clusterSize == 0 ? [] : [.partialTail])
    }
}
