import Files
import QED
import TestSupport
import Testing

@testable import Lab

@Suite struct TableReaderTests {
    private func plan(_ change: (inout ImagePlan) -> Void = { _ in }) -> ImagePlan {
        var plan = ImagePlan()
        plan.clusterSize = 4096
        plan.tableSize = 1
        // 48 L2 tables of 4096 bytes.
        plan.imageSize = 96 << 20
        change(&plan)
        return plan
    }

    @Test(arguments: ImagePlan.Allocation.allCases, [1, 2, 8])
    func everyTableIsReadOnce(_ allocation: ImagePlan.Allocation, threadCount: Int) throws {
        let scratch = try TemporaryDirectory()
        try ImageWriter(plan { $0.allocation = allocation }).write(to: scratch.file())
        let amount = try TableReader(path: RawPath(scratch.file())).read(threadCount: threadCount)
        #expect(amount.tables == 48)
        #expect(amount.bytes == 49 * 4096)
    }

    @Test func holesInTablesAreNotRead() throws {
        let scratch = try TemporaryDirectory()
        // Tables of 64 KiB, of which the first entry is in use.
        let plan = plan {
            $0.tableSize = 16
            $0.imageSize = 1 << 30
            $0.guestClusters = .firstOfEachTable(1)
        }
        try ImageWriter(plan).write(to: scratch.file())
        let amount = try TableReader(path: RawPath(scratch.file())).read(threadCount: 2)
        #expect(amount.tables == 32)
        #expect(amount.bytes < 33 * 65536 / 2)
    }

    @Test func tablesWithoutAValidPlaceAreLeftOut() throws {
        let scratch = try TemporaryDirectory()
        try ImageWriter(plan()).write(to: scratch.file())
        let editor = try ImageEditor(path: scratch.file())
        try editor.writeL1(4097, at: 3)
        try editor.writeL1(1 << 60, at: 4)
        try editor.writeL1(UInt64.max, at: 5)
        #expect(try TableReader(path: RawPath(scratch.file())).read(threadCount: 2).tables == 45)
    }

    @Test func invalidHeaderIsRefused() throws {
        let scratch = try TemporaryDirectory()
        let path = try scratch.write([UInt8]("QED\0".utf8), to: "image.qed")
        #expect(throws: LabError.self) { try TableReader(path: RawPath(path)) }
    }
}
