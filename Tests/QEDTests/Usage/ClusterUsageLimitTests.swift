import Corpus
import Files
import Glibc
import Lab
import TestSupport
import Testing

@testable import QED

/// Maps of images that cannot be read to their end.
@Suite struct ClusterUsageLimitTests {
    @Test(
        .endsInTime,
        arguments: HostileFile.allCases.filter { $0.isImage && !$0.rawValue.hasPrefix("name") })
    func hostileImageStaysWithinItsLimits(_ hostile: HostileFile) throws {
        let scratch = try TemporaryDirectory()
        let path = try hostile.write(in: scratch.makeDirectory("hostile"))
        let memory = MemoryBudget(limit: 64 << 20)
        let limits = CheckLimits(memory: memory, baseSeconds: 2)
        let file = try ImageFile(path: path)
        let usage: ClusterUsage
        do throws(ClusterUsageFault) {
            usage = try ClusterUsage.read(file, fileCells: 2400, guestCells: 1600, limits: limits)
        } catch {
            guard case .header = error else { throw error }
            return
        }
        #expect(usage.file.cells.count <= 2400 && usage.guest.cells.count <= 1600)
        #expect(usage.file.total.sum == usage.file.clusterCount)
        #expect(usage.guest.total.sum == usage.guest.clusterCount)
        #expect(usage.file.total[usage.isComplete ? .unknown : .leaked] == 0)
        #expect(memory.reserve(memory.limit), "some memory was not given back")
    }

    @Test func imageOverItsMemoryIsPartial() throws {
        let scratch = try TemporaryDirectory()
        let path = try HostileFile.scattered.write(in: scratch.makeDirectory("hostile"))
        let limits = CheckLimits(memory: MemoryBudget(limit: 1 << 20))
        let usage = try ClusterUsage.read(try ImageFile(path: path), cellCount: 80, limits: limits)
        #expect(usage.stop == .memoryLimit(bytes: 1 << 20))
        #expect(usage.gap != nil)
        #expect(usage.file.total[.leaked] == 0 && usage.file.total[.unknown] > 0)
        #expect(usage.guest.total[.unread] > 0)
        #expect(usage.guest.total.sum == usage.guest.clusterCount)
        #expect(usage.file.total.sum == usage.file.clusterCount)
    }

    /// Larger than any file: as many clusters as there are offsets.
    @Test func fileOf16EiBOfHolesTakesNoMemory() throws {
        let scratch = try TemporaryDirectory()
        try #require(CorpusCase.all.first { $0.name == "sound, 64K/4" }).write(to: scratch.file())
        let source = EndlessSource(start: try ImageFile(path: RawPath(scratch.file())))
        let limits = CheckLimits(memory: MemoryBudget(limit: 256 << 10), baseSeconds: 60)
        for cells in [1, 80, 4000] {
            let usage = try ClusterUsage.read(source, cellCount: cells, limits: limits)
            #expect(usage.isComplete)
            #expect(usage.file.clusterCount == 1 << 48)
            #expect(usage.file.total.sum == 1 << 48)
            #expect(usage.file.total[.leaked] == 1 << 48 - 22)
            #expect(usage.file.total[.partialTail] == 1)
            #expect(usage.file.cells.count == cells)
        }
    }

    @Test func cancelledReadingIsPartial() throws {
        let scratch = try TemporaryDirectory()
        try HostileFile.oneSharedCluster.write(in: scratch.makeDirectory("hostile"))
        let file = try ImageFile(path: RawPath(scratch.file("hostile/one-shared-cluster.qed")))
        let usage = try ClusterUsage.read(file, fileCells: 80, guestCells: 80, isCancelled: { true })
        #expect(usage.stop == .cancelled)
        #expect(usage.file.total[.leaked] == 0)
        #expect(usage.guest.total.sum == usage.guest.clusterCount)
    }

    /// Each read in turn fails: what it would have told is unread, and the rest is as it is.
    @Test(arguments: ["sound, 4K/1", "sound, 64K/4", "zero clusters, 4K/1"])
    func failedReadLeavesItsPartUnread(_ name: String) throws {
        let scratch = try TemporaryDirectory()
        try #require(CorpusCase.all.first { $0.name == name }).write(to: scratch.file())
        let whole = try ClusterUsage.read(FaultySource(path: scratch.file(), fault: .errorOnce(.max)), cellCount: 1)
        #expect(whole.isComplete)
        var failures = 0
        for read in 1..<100 {
            for fault in [FaultySource.Fault.errorOnce(read), .shortOnce(read)] {
                let source = try FaultySource(path: scratch.file(), fault: fault)
                let usage = try ClusterUsage.read(source, cellCount: 80)
                guard source.faultCount > 0 else { continue }
                failures += 1
                #expect(usage.readErrors == 1 && !usage.isComplete)
                #expect(usage.file.total[.leaked] == 0 && usage.file.total[.unknown] > 0)
                #expect(usage.guest.total[.unread] > 0)
                for use in GuestUse.allCases where use != .unread {
                    #expect(usage.guest.total[use] <= whole.guest.total[use])
                }
                #expect(usage.guest.total.sum == whole.guest.clusterCount)
                #expect(usage.file.total.sum == whole.file.clusterCount)
            }
        }
        #expect(failures >= 4)
    }

    @Test func unreadTableIsExactlyItsPartOfTheGuest() throws {
        let scratch = try TemporaryDirectory()
        try #require(CorpusCase.all.first { $0.name == "sound, 4K/1" }).write(to: scratch.file())
        // Reads: header, L1 table, first L2 table.
        let source = try FaultySource(path: scratch.file(), fault: .errorOnce(2))
        let usage = try ClusterUsage.read(source, cellCount: 2)
        #expect(usage.guest.cells.map(\.leadingUse) == [.unread, .allocated])
        #expect(usage.guest.cells[0].counts[.unread] == 512)
        #expect(usage.guest.cells[1].counts[.allocated] == 4)
    }

    @Test func headerThatCannotBeReadGivesNoMap() throws {
        let scratch = try TemporaryDirectory()
        try #require(CorpusCase.all.first).write(to: scratch.file())
        let source = try FaultySource(path: scratch.file(), fault: .errorForEver(0))
        #expect(throws: ClusterUsageFault.unreadable(SystemError("pread", code: EIO))) {
            try ClusterUsage.read(source, cellCount: 1)
        }
    }
}

/// A file with holes after it up to the last offset that there is.
private struct EndlessSource: ImageSource {
    let start: ImageFile

    var size: UInt64 { .max }
    var diskSize: UInt64 { start.diskSize }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: ByteOffset) throws(SystemError) -> Int {
        try start.read(into: buffer, at: offset)
    }

    func nextData(from offset: ByteOffset) throws(SystemError) -> Range<UInt64>? {
        offset.rawValue < start.size ? offset.rawValue..<start.size : nil
    }
}
