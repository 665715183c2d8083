import Files
import Lab
import QED
import TestSupport
import Testing

/// Images large enough to be walked on several threads.
@Suite struct ParallelFastPassTests {
    /// 8 GiB in 256 L2 tables of 64 KiB.
    private static let plan: ImagePlan = {
        var plan = ImagePlan()
        plan.clusterSize = 4096
        plan.tableSize = 16
        plan.imageSize = 8 << 30
        plan.guestClusters = .share(0.02)
        plan.zeroShare = 0.1
        plan.seed = Seed.value
        return plan
    }()

    /// A change of the image: what the threads have to notice.
    enum Change: String, CaseIterable {
        case none, leak, sharedAcrossTables, sharedTable, invalid, dataOnL1Table, beyondImage
    }

    @Test(arguments: ImagePlan.Allocation.allCases, Change.allCases)
    func threadsGiveTheSameAnswersAsOne(_ allocation: ImagePlan.Allocation, _ change: Change) throws {
        let directory = try TemporaryDirectory()
        var plan = ParallelFastPassTests.plan
        plan.allocation = allocation
        try ImageWriter(plan).write(to: directory.file())
        try apply(change, to: ImageEditor(path: directory.file()))

        let one = try check(directory.file(), threads: 1)
        for threads in [2, 8] {
            let several = try check(directory.file(), threads: threads)
            #expect(several.outcome == one.outcome)
            #expect(several.counts == one.counts)
            #expect(several.leaks == one.leaks)
            #expect(several.corruptions == one.corruptions)
            #expect(several.findings == one.findings)
        }
        #expect(one.outcome == expectedOutcome(change))
    }

    private func check(_ path: String, threads: Int) throws -> CheckResult {
        Checker(threadCount: threads).check(try ImageFile(path: RawPath(path)))
    }

    private func apply(_ change: Change, to editor: ImageEditor) throws {
        let first = try firstData(of: 0, editor)
        let last = try firstData(of: 255, editor)
        switch change {
        case .none: break
        case .leak: _ = try editor.appendClusters(3)
        case .sharedAcrossTables: try editor.writeL2(first.value, at: last.index, of: 255)
        case .sharedTable: try editor.writeL1(editor.readL1(0), at: 255)
        case .invalid: try editor.writeL2(last.value + 512, at: last.index, of: 255)
        case .dataOnL1Table:
            try editor.writeL2(editor.header().l1TableOffset.rawValue, at: last.index, of: 255)
        case .beyondImage: try editor.write(4 << 30, to: .imageSize)
        }
    }

    /// The first entry of a table that refers to a data cluster.
    private func firstData(of l1Index: Int, _ editor: ImageEditor) throws -> (index: Int, value: UInt64) {
        for index in 0..<8192 {
            let value = try editor.readL2(index, of: l1Index)
            if value > 1 { return (index, value) }
        }
        throw NoData()
    }

    private struct NoData: Error {}

    private func expectedOutcome(_ change: Change) -> Outcome {
        switch change {
        case .none, .beyondImage: .clean
        case .leak: .leaking
        case .sharedAcrossTables, .sharedTable, .invalid, .dataOnL1Table: .corrupt
        }
    }
}
