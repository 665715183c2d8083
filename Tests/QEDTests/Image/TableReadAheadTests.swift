import Files
import Lab
import QED
import TestSupport
import Testing

/// What a device is asked to read ahead.
@Suite struct TableReadAheadTests {
    /// 64 tables of 64 KiB, each with data in its first and last 4 KiB only.
    private func image(_ directory: TemporaryDirectory) throws -> (path: String, tables: Set<UInt64>) {
        var plan = ImagePlan()
        plan.clusterSize = 4096
        plan.tableSize = 16
        plan.imageSize = 64 * plan.entriesPerTable * 4096
        plan.guestClusters = .firstOfEachTable(2)
        plan.allocation = .shuffled
        plan.seed = Seed.value
        try ImageWriter(plan).write(to: directory.file())
        let editor = try ImageEditor(path: directory.file())
        return (directory.file(), Set(try (0..<64).map { try editor.readL1($0) }))
    }

    @Test func eachTableOfAColdImageIsAskedForOnce() throws {
        let directory = try TemporaryDirectory()
        let (path, tables) = try image(directory)
        let source = RecordingSource(try ImageFile(path: RawPath(path)), isCold: true)
        let report = Checker(threadCount: 2).check(source)
        #expect(report.outcome == .clean)
        let asked = source.readAhead
        #expect(Set(asked.map(\.lowerBound)) == tables && asked.count == tables.count)
        // Data, and not the hole behind it.
        #expect(asked.allSatisfy { $0.count <= 8192 })
    }

    @Test func cachedTablesAreNotAskedFor() throws {
        let directory = try TemporaryDirectory()
        let source = RecordingSource(try ImageFile(path: RawPath(try image(directory).path)), isCold: false)
        #expect(Checker(threadCount: 2).check(source).outcome == .clean)
        #expect(source.readAhead.isEmpty)
    }

    /// A table that begins within the file and would end beyond is asked for as far as there is a file, and an offset beyond
    /// all files not at all.
    @Test(arguments: [UInt64.max, 1 << 62, 3 << 40])
    func offsetsOutsideTheFileAskForNothing(_ offset: UInt64) throws {
        let directory = try TemporaryDirectory()
        let (path, _) = try image(directory)
        try ImageEditor(path: path).writeL1(offset, at: 63)
        let source = RecordingSource(try ImageFile(path: RawPath(path)), isCold: true)
        #expect(Checker(threadCount: 2).check(source).outcome == .corrupt)
        #expect(source.readAhead.allSatisfy { $0.upperBound <= source.size })
    }

    @Test func realFileTakesTheAdvice() throws {
        let directory = try TemporaryDirectory()
        let file = try ImageFile(path: RawPath(try image(directory).path))
        file.readAhead(0..<file.size)
        file.readAhead(0..<UInt64.max)
        #expect(!file.mustWait(toReadAt: ByteOffset(.max)))
        #expect(Checker().check(file).outcome == .clean)
    }
}

/// An image that notes what it is asked to read ahead.
private final class RecordingSource: ImageSource {
    private let file: ImageFile
    private let isCold: Bool
    private let ranges = Locked<[Range<UInt64>]>([])

    init(_ file: ImageFile, isCold: Bool) {
        self.file = file
        self.isCold = isCold
    }

    var size: UInt64 { file.size }
    var diskSize: UInt64 { file.diskSize }
    var allowsConcurrentReads: Bool { true }
    var readAhead: [Range<UInt64>] { ranges.withLock { $0 } }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: ByteOffset) throws(SystemError) -> Int {
        try file.read(into: buffer, at: offset)
    }

    func nextData(from offset: ByteOffset) throws(SystemError) -> Range<UInt64>? {
        try file.nextData(from: offset)
    }

    func mustWait(toReadAt offset: ByteOffset) -> Bool { isCold }

    func readAhead(_ range: Range<UInt64>) { ranges.withLock { $0.append(range) } }
}
