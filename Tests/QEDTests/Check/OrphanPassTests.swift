import Lab
import QED
import TestSupport
import Testing

/// Orphaned tables are found, and what only looks like one is not.
@Suite struct OrphanPassTests {
    /// One L1 entry of two has a table: clusters 0 header, 1-2 L1, 3-4 table, 5-8 data; 4 KiB each.
    private static let plan: ImagePlan = {
        var plan = ImagePlan()
        plan.clusterSize = 4096
        plan.tableSize = 2
        plan.imageSize = 4 << 20 + 512 * 4096
        plan.guestClusters = .first(4)
        return plan
    }()
    private static let clusterSize: UInt64 = 4096
    /// Clusters of the image before anything is added.
    private static let end: UInt64 = 9

    /// An image with so many leaked clusters at its end, and words written to them. Places are counted in words from
    /// the first leaked cluster, offsets in clusters from there.
    private func report(
        leaking count: UInt64, plan: ImagePlan = OrphanPassTests.plan, _ words: [Int: UInt64]
    ) throws -> CheckResult {
        let scratch = try TemporaryDirectory()
        try ImageWriter(plan).write(to: scratch.file())
        let editor = try ImageEditor(path: scratch.file())
        let start = try editor.appendClusters(count)
        #expect(start == OrphanPassTests.end * OrphanPassTests.clusterSize)
        for (index, value) in words {
            try editor.write(
                withUnsafeBytes(of: value.littleEndian, Array.init), at: start + UInt64(index) * 8)
        }
        let fast = try check(scratch.file())
        #expect(try check(scratch.file(), usesFastPass: false).findings == fast.findings)
        #expect(fast.outcome == .leaking && fast.leaks == count)
        return fast
    }

    private static func leaked(_ cluster: UInt64) -> UInt64 { (end + cluster) * clusterSize }

    private func orphans(_ report: CheckResult) -> [Finding] {
        report.findings.filter { $0.kind == .tableOrphaned }
    }

    // MARK: - What is a table

    @Test(arguments: ImagePlan.Allocation.allCases, [UInt32(1), 2, 4, 16])
    func everyTableOfAWipedL1TableIsFound(_ allocation: ImagePlan.Allocation, _ tableSize: UInt32) throws {
        let scratch = try TemporaryDirectory()
        for writesData in [false, true] {
            var plan = ImagePlan()
            (plan.clusterSize, plan.tableSize, plan.allocation) = (4096, tableSize, allocation)
            plan.imageSize = 5 * plan.entriesPerTable * 4096
            plan.guestClusters = tableSize > 2 ? .share(0.05) : .firstOfEachTable(30)
            plan.zeroShare = 0.1
            plan.writesData = writesData
            plan.seed = Seed.value
            try ImageWriter(plan).write(to: scratch.file())
            let editor = try ImageEditor(path: scratch.file())
            let sound = try check(scratch.file())
            let tables = try (0..<5).map { try editor.readL1($0) }.sorted()
            try editor.wipe(from: editor.header().l1TableOffset.rawValue, count: plan.entriesPerTable * 8)
            let report = try check(scratch.file())
            let story: Comment = "QEDSCAN_SEED=\(Seed.value), \(plan)"
            #expect(report.outcome == .leaking, story)
            #expect(report.leaks == sound.counts.allocated + 5 * UInt64(tableSize), story)
            #expect(orphans(report).map(\.fileOffset.rawValue) == tables, story)
            #expect(orphans(report).allSatisfy { $0.entryValue == 5 && $0.guestRange == nil }, story)
        }
    }

    @Test func tableIsFoundByItsOnlyEntryWhereverThatIs() throws {
        for index in [0, 511, 512, 1023] {
            // The table before its data, so that zeros at its beginning or end belong to nothing else.
            var plan = OrphanPassTests.plan
            plan.imageSize = 8 << 20
            let found = orphans(try report(leaking: 3, plan: plan, [index: OrphanPassTests.leaked(2)]))
            #expect(found.map(\.fileOffset.rawValue) == [OrphanPassTests.leaked(0)], "\(index)")
            #expect(found.first?.place == TableIndex(l1Index: 1))
            #expect(found.first?.guestRange == GuestRange(offset: 4 << 20, length: 4 << 20))
        }
    }

    @Test func tableMayBeginAtAnyLeakedCluster() throws {
        // Random data, as a guest has it, and then the table; its data comes first, as QEMU writes it.
        var random = SeededRandom(seed: Seed.value)
        var words: [Int: UInt64] = [:]
        for index in 0..<3 * 512 { words[index] = random.next() }
        words[3 * 512] = OrphanPassTests.leaked(1)
        words[3 * 512 + 1] = OrphanPassTests.leaked(2)
        let found = orphans(try report(leaking: 5, words))
        #expect(found.map(\.fileOffset.rawValue) == [OrphanPassTests.leaked(3)], "QEDSCAN_SEED=\(Seed.value)")
    }

    @Test func aTableThatMapsMoreThanTheLastL1EntryIsNoOrphan() throws {
        // Of the second table only 512 entries map bytes of the image.
        #expect(orphans(try report(leaking: 3, [511: OrphanPassTests.leaked(2)])).count == 1)
        #expect(orphans(try report(leaking: 3, [512: OrphanPassTests.leaked(2)])).isEmpty)
    }

    // MARK: - What is none

    @Test func guestDataIsNoOrphan() throws {
        let table = OrphanPassTests.leaked(0)
        let data = OrphanPassTests.leaked(2)
        let examples: [(what: String, words: [Int: UInt64])] = [
            ("zeros", [:]),
            ("ones", [0: 1, 5: 1]),
            ("one number in 64 bits", [7: 2]),
            ("small numbers", Dictionary(uniqueKeysWithValues: (0..<1024).map { ($0, UInt64($0)) })),
            (
                "multiples of the cluster size",
                Dictionary(uniqueKeysWithValues: (0..<12).map { ($0, UInt64($0) << 12) })
            ),
            ("numbers of 32 bits", [0: 1 << 32 | data]),
            ("a cluster twice", [0: data, 1: data]),
            ("a cluster of the table itself", [0: table]),
            ("the last cluster of the table itself", [0: table + 4096]),
            ("the header", [0: 0x1_0000_0000]),
            ("the L1 table", [0: 4096]),
            ("a cluster in use", [0: data, 900: 5 * 4096]),
            ("past the end of the file", [0: data, 1: OrphanPassTests.leaked(3)]),
            ("within a cluster", [0: data + 512]),
            ("wrong in its last word", [0: data, 1023: 3]),
        ]
        for example in examples {
            #expect(orphans(try report(leaking: 3, example.words)).isEmpty, "\(example.what)")
        }
    }

    @Test func twoTablesDoNotShareData() throws {
        let found = orphans(
            try report(leaking: 5, [0: OrphanPassTests.leaked(4), 1024: OrphanPassTests.leaked(4)]))
        #expect(found.map(\.fileOffset.rawValue) == [OrphanPassTests.leaked(0)])
    }

    @Test func aFullL1TableLacksNoTable() throws {
        var plan = OrphanPassTests.plan
        plan.imageSize = 4 << 20
        #expect(orphans(try report(leaking: 3, plan: plan, [0: OrphanPassTests.leaked(2)])).isEmpty)
    }

    /// Leaked guest data of a filled disk, and no table near.
    @Test func randomDataIsNoOrphan() throws {
        let scratch = try TemporaryDirectory()
        var plan = OrphanPassTests.plan
        plan.guestClusters = .first(600)
        plan.writesData = true
        plan.seed = Seed.value
        try ImageWriter(plan).write(to: scratch.file())
        let editor = try ImageEditor(path: scratch.file())
        for index in 0..<600 { try editor.writeL2(0, at: index, of: 0) }
        let report = try check(scratch.file())
        #expect(report.leaks == 600)
        #expect(orphans(report).isEmpty, "QEDSCAN_SEED=\(Seed.value)")
    }

    // MARK: - Cost

    @Test func soundImageIsNotReadTwice() throws {
        let scratch = try TemporaryDirectory()
        try ImageWriter(OrphanPassTests.plan).write(to: scratch.file())
        func readCount() throws -> Int {
            let source = try FaultySource(path: scratch.file(), fault: .errorOnce(.max))
            _ = Checker().check(source)
            return source.readCount
        }
        // The header and two tables.
        #expect(try readCount() == 3)
        _ = try ImageEditor(path: scratch.file()).appendClusters(1)
        // The L1 table once more, and no look: one cluster is no table.
        #expect(try readCount() == 4)
    }

    @Test func withoutMemoryThePassEndsAndTheOutcomeStays() throws {
        let scratch = try TemporaryDirectory()
        try ImageWriter(OrphanPassTests.plan).write(to: scratch.file())
        try ImageEdit.l1(0, 0).apply(to: ImageEditor(path: scratch.file()))
        // Enough for the map of the check, and not for another.
        let report = try check(scratch.file(), limits: CheckLimits(memory: MemoryBudget(limit: 6 << 10)))
        #expect(report.outcome == .leaking && report.leaks == 6 && report.stop == nil)
        #expect(orphans(report).isEmpty)
        #expect(try orphans(check(scratch.file())).count == 1)
    }

    @Test func readThatFailsChangesNoOutcome() throws {
        let scratch = try TemporaryDirectory()
        try ImageWriter(OrphanPassTests.plan).write(to: scratch.file())
        try ImageEdit.l1(0, 0).apply(to: ImageEditor(path: scratch.file()))
        // The check itself reads the header and the L1 table.
        for number in 2..<12 {
            for fault in [.errorOnce(number), .errorForEver(number), .shortOnce(number)] as [FaultySource.Fault] {
                let report = Checker().check(try FaultySource(path: scratch.file(), fault: fault))
                #expect(report.outcome == .leaking && report.leaks == 6 && report.checkErrors == 0, "\(fault)")
                #expect(orphans(report).allSatisfy { $0.fileOffset.rawValue == 3 * 4096 }, "\(fault)")
            }
        }
    }

    @Test func tablesThatAreNotListedAreCounted() throws {
        let scratch = try TemporaryDirectory()
        var plan = OrphanPassTests.plan
        plan.imageSize = 10 << 22
        plan.guestClusters = .firstOfEachTable(3)
        try ImageWriter(plan).write(to: scratch.file())
        try ImageEditor(path: scratch.file()).wipe(from: 4096, count: 8192)
        let found = try orphans(check(scratch.file(), limits: CheckLimits(findingsPerKind: 4)))
        #expect(found.map(\.suppressedCount) == [0, 0, 0, 6])
    }
}
