import Corpus
import Files
import Lab
import QED
import Repair
import TestSupport
import Testing

/// Images that are large, or wrong in too many places.
@Suite struct RepairLimitTests {
    private static let cluster: UInt64 = 4096

    @Test func growthLimitIsExact() throws {
        let bytes = try TestImage.small(.l2(1, 0, 3 * Self.cluster), .l2(1, 2, 4 * Self.cluster))
        try expectGrowth(bytes, .with(), of: 2 * Self.cluster)
        try expectGrowth(TestImage.small(.l1(1, 2 * Self.cluster)), .with(.cloneTables), of: 5 * Self.cluster)
        let overlay = try TestImage.small(.l1(1, 99)) { $0.backingFilename = "base.raw" }
        try expectGrowth(overlay, .with(invalid: .zero), of: Self.cluster)
    }

    private func expectGrowth(_ bytes: [UInt8], _ options: RepairOptions, of growth: UInt64) throws {
        var options = options
        options.maximumGrowth = growth
        let enough = try RepairCycle(bytes, options)
        #expect(UInt64(enough.after.count) == UInt64(bytes.count) + growth)
        #expect(enough.plan.after.corruptions == 0)
        options.maximumGrowth = growth - 1
        let tooLittle = try RepairCycle(bytes, options)
        #expect(tooLittle.after == bytes)
        #expect(!tooLittle.plan.left.isEmpty)
    }

    /// A table that is read as data, and not cloned for want of room, stays as it is.
    @Test func tableReadAsDataIsNotChangedUnlessItIsCloned() throws {
        let bytes = try TestImage.small(.l2(0, 2, 7 * Self.cluster), .l2(1, 1, 99))
        var options = RepairOptions.with()
        options.maximumGrowth = 0
        let image = try RepairCycle(bytes, options)
        #expect(image.after == bytes)
        #expect(!image.plan.left.isEmpty)
        #expect(try RepairCycle(bytes, .with()).plan.after.corruptions == 0)
    }

    @Test func tooLittleMemoryIsARefusal() throws {
        let bytes = try TestImage.small(.l2(1, 0, 3 * Self.cluster), .l2(1, 2, 99))
        let planned = try RepairPlanner(options: .with()).plan(for: MemoryStorage(bytes))
        var (refused, made) = (0, 0)
        for limit in stride(from: 0, to: 1 << 20, by: 16 << 10) {
            let limits = CheckLimits(memory: MemoryBudget(limit: limit))
            do throws(RepairFailure) {
                let plan = try RepairPlanner(options: .with(), limits: limits).plan(for: MemoryStorage(bytes))
                made += 1
                #expect(plan.writes == planned.writes && plan.after.stop == nil, "\(limit) bytes")
            } catch {
                refused += 1
            }
        }
        print("memory limits: \(refused) refused, \(made) planned")
        #expect(refused > 0 && made > 0)
    }

    /// 6000 L1 entries share a table with 6000 invalid entries: 36 million guest ranges.
    @Test func invalidEntriesOfASharedTableAreBounded() throws {
        let bytes = try sharedTable { _ in 99 }
        for options in [RepairOptions.with(), .with(.cloneTables)] {
            #expect(throws: RepairFailure.self) {
                try RepairPlanner(options: options).plan(for: MemoryStorage(bytes))
            }
        }
    }

    /// Its copies would be too large, and it is not read for each entry again.
    @Test func sharedTableThatIsTooLargeIsReadOnce() throws {
        let bytes = try sharedTable { $0 < 10 ? 40 * 4096 + UInt64($0) * 4096 : 0 }
        let storage = MemoryStorage(bytes)
        var options = RepairOptions.with(.cloneTables)
        options.maximumGrowth = 20 * Self.cluster
        let plan = try RepairPlanner(options: options).plan(for: storage)
        #expect(plan.isEmpty)
        #expect(storage.calls[.read, default: 0] < 100)
    }

    /// 40 tables of 16 MiB that overlap each other, nearly all of them holes: a file of some KiB. Found by fuzzing.
    @Test func holesOfTablesThatOverlapAreNotRead() throws {
        let scratch = try TemporaryDirectory()
        var plan = ImagePlan()
        plan.clusterSize = 8 << 20
        plan.tableSize = 2
        plan.imageSize = 64 << 40
        plan.guestClusters = .first(0)
        try ImageWriter(plan).write(to: scratch.file())
        let editor = try ImageEditor(path: scratch.file())
        try editor.truncate(to: 50 << 23)
        for index in 0..<40 { try ImageEdit.l1(index, UInt64(3 + index) << 23).apply(to: editor) }
        // In the first of them an entry to be cleared, and a cluster that two entries share: the file would grow.
        for (index, value) in [99, 5 << 23, 5 << 23].enumerated() {
            try ImageEdit.l2(0, index, UInt64(value)).apply(to: editor)
        }
        let source = CountingSource(try ImageFile(path: RawPath(scratch.file())))
        let repair = try RepairPlanner(options: .with()).plan(for: source)
        #expect(!repair.left.isEmpty)
        #expect(source.bytesRead < 16 << 20, "\(source.bytesRead) bytes were read")
    }

    /// An image with tables of 8192 entries: 6000 of the L1 table refer to one L2 table.
    private func sharedTable(_ entry: (Int) -> UInt64) throws -> [UInt8] {
        var plan = ImagePlan()
        plan.clusterSize = 4096
        plan.tableSize = 16
        plan.imageSize = 8192 * 8192 * 4096
        plan.guestClusters = .first(0)
        var bytes = try #require(try TestImage.bytes(of: plan))
        bytes += [UInt8](repeating: 0, count: max(60 * 4096 - bytes.count, 0))
        for index in 0..<6000 {
            bytes.setWord(17 * 4096, at: 4096 + index * 8)
            bytes.setWord(entry(index), at: 17 * 4096 + index * 8)
        }
        return bytes
    }

    @Test(arguments: HostileFile.allCases.filter { $0.isImage && !$0.rawValue.hasPrefix("name") })
    func hostileImageIsPlannedOrRefused(_ file: HostileFile) throws {
        let scratch = try TemporaryDirectory()
        let image = try ImageFile(path: file.write(in: scratch.path))
        let limits = CheckLimits(baseSeconds: 1)
        for options in [RepairOptions.with(), .with(.cloneTables, .reclaimLeaks)] {
            do throws(RepairFailure) {
                let plan = try RepairPlanner(options: options, limits: limits).plan(for: image)
                #expect(plan.sizeAfter <= plan.sizeBefore.addingReportingOverflow(options.maximumGrowth).partialValue)
                #expect(plan.after.corruptions <= plan.before.corruptions)
            } catch {
                print("\(file.rawValue): \(error)")
            }
        }
    }

    @Test func tooManyWrongEntriesAreRefused() throws {
        let scratch = try TemporaryDirectory()
        let image = try ImageFile(path: HostileFile.oneSharedCluster.write(in: scratch.path))
        let planner = RepairPlanner(options: .with(), limits: CheckLimits(baseSeconds: 600))
        let failure = #expect(throws: RepairFailure.self) { try planner.plan(for: image) }
        #expect(failure?.description.contains("1000000") ?? false, "\(String(describing: failure))")
    }
}

/// A file that counts what is read of it.
private final class CountingSource: ImageSource {
    private let file: ImageFile
    private(set) var bytesRead = 0

    init(_ file: ImageFile) { self.file = file }

    var size: UInt64 { file.size }
    var diskSize: UInt64 { file.diskSize }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: ByteOffset) throws(SystemError) -> Int {
        bytesRead += buffer.count
        return try file.read(into: buffer, at: offset)
    }

    func nextData(from offset: ByteOffset) throws(SystemError) -> Range<UInt64>? {
        try file.nextData(from: offset)
    }
}
