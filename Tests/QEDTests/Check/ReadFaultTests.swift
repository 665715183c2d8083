import Glibc
import Lab
import QED
import TestSupport
import Testing

/// A failed read is never taken for bytes of the image.
@Suite struct ReadFaultTests {
    private static let plan: ImagePlan = {
        var plan = ImagePlan()
        plan.clusterSize = 4096
        plan.tableSize = 1
        plan.imageSize = 3 * 512 * 4096
        plan.guestClusters = .firstOfEachTable(4)
        return plan
    }()

    /// More reads than the checks of these small images make.
    private static let readLimit = 30

    private func forEachFault(
        _ path: String, _ body: (FaultySource.Fault, FaultySource, CheckResult) -> Void
    ) throws {
        for number in 0..<ReadFaultTests.readLimit {
            for fault in [.errorOnce(number), .errorForEver(number), .shortOnce(number), .shortForEver(number)]
                as [FaultySource.Fault]
            {
                for usesFastPass in [true, false] {
                    let source = try FaultySource(path: path, fault: fault)
                    body(fault, source, Checker(usesFastPass: usesFastPass).check(source))
                }
            }
        }
    }

    @Test func damagedImageIsNeverCleanOrMerelyLeaking() throws {
        let scratch = try TemporaryDirectory()
        try ImageWriter(ReadFaultTests.plan).write(to: scratch.file())
        // The last entry of the last table.
        try ImageEdit.l2(2, 3, 3 * 4096).apply(to: ImageEditor(path: scratch.file()))
        var corruptCount = 0
        try forEachFault(scratch.file()) { fault, _, report in
            #expect(report.outcome != .clean && report.outcome != .leaking, "\(fault)")
            corruptCount += report.outcome == .corrupt ? 1 : 0
        }
        #expect(corruptCount > 0)
    }

    @Test func soundImageIsCleanOnlyIfEverythingCouldBeRead() throws {
        let scratch = try TemporaryDirectory()
        try ImageWriter(ReadFaultTests.plan).write(to: scratch.file())
        try forEachFault(scratch.file()) { fault, source, report in
            #expect(report.leaks == 0, "\(fault)")
            #expect(report.corruptions == 0, "\(fault)")
            switch fault {
            case .errorForEver, .shortForEver:
                #expect((report.outcome == .clean) == (source.faultCount == 0), "\(fault)")
            case .errorOnce, .shortOnce:
                // A second walk may have read all of it.
                #expect([.clean, .incomplete, .invalid].contains(report.outcome), "\(fault)")
            }
        }
    }

    @Test func incompleteCheckReportsNoLeaks() throws {
        let scratch = try TemporaryDirectory()
        var plan = ReadFaultTests.plan
        plan.backingFilename = "base.raw"
        try ImageWriter(plan).write(to: scratch.file())
        let editor = try ImageEditor(path: scratch.file())
        _ = try editor.appendClusters(3)
        var incompleteCount = 0
        try forEachFault(scratch.file()) { fault, _, report in
            guard report.outcome == .incomplete else { return }
            incompleteCount += 1
            #expect(report.leaks == 0, "\(fault)")
            #expect(!report.findings.contains { $0.kind == .clusterLeaked }, "\(fault)")
        }
        #expect(incompleteCount > 0)
    }

    @Test func failedReadNamesItsTable() throws {
        let scratch = try TemporaryDirectory()
        try ImageWriter(ReadFaultTests.plan).write(to: scratch.file())
        // Reads: header, L1 table, then an L2 table each.
        let source = try FaultySource(path: scratch.file(), fault: .errorOnce(3))
        let report = Checker(usesFastPass: false).check(source)
        #expect(report.outcome == .incomplete)
        #expect(report.checkErrors == 1)
        #expect(report.errors.map(\.l1Index) == [1])
        #expect(report.errors.map(\.error.code) == [EIO])
        #expect(report.counts.allocated == 8)
    }

    @Test func headerThatCannotBeReadIsIncomplete() throws {
        let scratch = try TemporaryDirectory()
        try ImageWriter(ReadFaultTests.plan).write(to: scratch.file())
        let report = Checker().check(try FaultySource(path: scratch.file(), fault: .errorForEver(0)))
        #expect(report.outcome == .incomplete)
        #expect(report.header == nil)
        #expect(report.message != nil)
    }
}
