import Lab
import QED
import TestSupport
import Testing

@Suite struct SparseFileTests {
    /// Holes in tables are skipped; the same file read byte by byte must give the same report.
    @Test(arguments: [UInt32(4096), 65536, 1 << 20])
    func holesGiveWhatZerosGive(_ clusterSize: UInt32) throws {
        let scratch = try TemporaryDirectory()
        var plan = ImagePlan()
        plan.clusterSize = clusterSize
        plan.tableSize = 4
        plan.imageSize = 3 * plan.entriesPerTable * UInt64(clusterSize)
        plan.guestClusters = .firstOfEachTable(3)
        try ImageWriter(plan).write(to: scratch.file())
        let editor = try ImageEditor(path: scratch.file())
        // Entries with holes before and after them.
        try editor.writeL2(1, at: Int(plan.entriesPerTable) - 1, of: 0)
        try editor.writeL2(12345, at: Int(plan.entriesPerTable) / 2, of: 2)
        for usesFastPass in [true, false] {
            let sparse = try check(scratch.file(), usesFastPass: usesFastPass)
            let source = try FaultySource(path: scratch.file(), fault: .errorOnce(.max))
            let plain = Checker(usesFastPass: usesFastPass).check(source)
            #expect(sparse.counts == plain.counts)
            #expect(sparse.findings == plain.findings)
            #expect(sparse.outcome == .corrupt && plain.outcome == .corrupt)
            #expect(sparse.counts.allocated == 10 && sparse.counts.zero == 1)
            #expect(sparse.bytesRead <= plain.bytesRead)
        }
    }
}
