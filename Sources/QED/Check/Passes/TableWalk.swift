import Files
import Glibc

/// A pass over the entries of the tables.
package protocol TableVisitor {
    /// Visits an L1 entry other than 0, in order. Returns true if its L2 table must be walked.
    mutating func visitL1Entry(_ value: UInt64, at l1Index: Int) -> Bool
    /// Visits a piece of the L2 table of an L1 entry, in order. Pieces in a hole, which are all zeros, are left out.
    mutating func visitL2Entries(_ entries: UnsafeBufferPointer<UInt64>, at firstL2Index: Int, of l1Index: Int)
    /// Whether the pass must end, because no memory is left or it has seen enough.
    var isFinished: Bool { get }
}

/// Reads the L1 table and the L2 tables that a visitor asks for, in pieces and in order.
///
/// - What it tests: that the tables can be read.
/// - What it leaves: the meaning of the entries. That is for the visitor.
package struct TableWalk {
    private let source: any ImageSource
    private let geometry: Geometry
    private let workspace: CheckWorkspace
    private let clock: CheckClock
    private var extents: DataExtents

    package private(set) var errors = CheckErrorLog()
    package private(set) var stop: CheckStop?
    package private(set) var bytesRead: UInt64 = 0

    package init(source: any ImageSource, geometry: Geometry, workspace: CheckWorkspace, clock: CheckClock) {
        self.source = source
        self.geometry = geometry
        self.workspace = workspace
        self.clock = clock
        extents = DataExtents(of: source)
    }

    /// A new walk that knows the holes of the file that this one has found.
    func continued() -> TableWalk {
        var walk = TableWalk(source: source, geometry: geometry, workspace: workspace, clock: clock)
        walk.extents = extents
        return walk
    }

    /// Whether everything so far could be read, and nothing made the walk stop.
    package var isComplete: Bool { stop == nil && errors.count == 0 }

    /// Walks the whole image.
    package mutating func run(_ visitor: inout some TableVisitor) {
        run(&visitor, l1Entries: 0..<geometry.entriesPerTable)
    }

    /// Walks a part of the L1 table and the L2 tables that it refers to.
    package mutating func run(_ visitor: inout some TableVisitor, l1Entries: Range<Int>) {
        let l1Table = geometry.l1TableOffset
        forEachPiece(of: l1Entries, ofTableAt: l1Table, buffer: workspace.l1Piece, l1Index: nil) {
            walk, entries, first in
            var next = 0
            while case let position = entries.indexOfNonzero(from: next), position < entries.count {
                next = position + 1
                let l1Index = first + position
                let value = UInt64(littleEndian: entries[position])
                if visitor.visitL1Entry(value, at: l1Index) {
                    walk.walkL2Table(at: ByteOffset(value), of: l1Index, &visitor)
                }
                if visitor.isFinished || walk.stop != nil { return false }
            }
            return true
        }
    }

    /// Visits one L1 entry and the L2 table that it refers to.
    mutating func run(_ visitor: inout some TableVisitor, table: TableReference) {
        if visitor.visitL1Entry(table.offset, at: table.l1Index) {
            walkL2Table(at: ByteOffset(table.offset), of: table.l1Index, &visitor)
        }
    }

    private mutating func walkL2Table(at table: ByteOffset, of l1Index: Int, _ visitor: inout some TableVisitor) {
        let all = 0..<geometry.entriesPerTable
        forEachPiece(of: all, ofTableAt: table, buffer: workspace.l2Piece, l1Index: l1Index) { walk, entries, first in
            visitor.visitL2Entries(entries, at: first, of: l1Index)
            return !visitor.isFinished
        }
    }

    /// Reads entries of a table and calls a function with each piece until it returns false. Holes are left out. A read
    /// error is logged. It ends an L2 table, but only the current piece of the L1 table.
    private mutating func forEachPiece(
        of range: Range<Int>, ofTableAt table: ByteOffset, buffer: UnsafeMutableRawBufferPointer, l1Index: Int?,
        _ body: (inout TableWalk, UnsafeBufferPointer<UInt64>, _ firstIndex: Int) -> Bool
    ) {
        let end = table.rawValue + UInt64(range.upperBound) * 8
        var position = table.rawValue + UInt64(range.lowerBound) * 8
        while position < end {
            var length = min(UInt64(buffer.count), end - position)
            do throws(SystemError) {
                guard let data = try extents.nextData(from: position, to: end, in: source) else { return }
                position = data.lowerBound
                length = min(UInt64(buffer.count), UInt64(data.count))
                let piece = UnsafeMutableRawBufferPointer(rebasing: buffer[..<Int(length)])
                try source.readAll(into: piece, at: ByteOffset(position))
                bytesRead += length
                let entries = UnsafeBufferPointer(piece.assumingMemoryBound(to: UInt64.self))
                guard body(&self, entries, Int((position - table.rawValue) / 8)) else { return }
            } catch {
                errors.add(CheckError(l1Index: l1Index, offset: ByteOffset(position), error: error))
                if l1Index != nil { return }
            }
            position += length
            if isStopped() { return }
        }
    }

    private mutating func isStopped() -> Bool {
        stop = stop ?? clock.stop()
        return stop != nil
    }
}

/// The buffers of one worker, which it reuses for every image.
public final class CheckWorkspace {
    /// A piece is a whole table of the default geometry, and fits into a core's second-level cache.
    static let pieceByteCount = 256 << 10

    let l1Piece: UnsafeMutableRawBufferPointer
    let l2Piece: UnsafeMutableRawBufferPointer

    public init() {
        l1Piece = .allocate(byteCount: CheckWorkspace.pieceByteCount, alignment: 4096)
        l2Piece = .allocate(byteCount: CheckWorkspace.pieceByteCount, alignment: 4096)
    }

    deinit {
        l1Piece.deallocate()
        l2Piece.deallocate()
    }
}

/// Where a sparse file has data. The file system is asked only for what is not known yet.
struct DataExtents {
    /// Extents are rounded to multiples of this, so that they contain whole entries whatever the file system says.
    private static let blockSize: UInt64 = 4096

    private let hasHoles: Bool
    private var knownHole: Range<UInt64> = 0..<0
    private var knownData: Range<UInt64> = 0..<0

    init(of source: any ImageSource) { hasHoles = source.hasHoles }

    /// The first range within `start..<end` that may have data; nil if all of it is a hole.
    mutating func nextData(
        from start: UInt64, to end: UInt64, in source: any ImageSource
    ) throws(SystemError) -> Range<UInt64>? {
        guard hasHoles else { return start..<end }
        var start = start
        if knownHole.contains(start) { start = knownHole.upperBound }
        guard start < end else { return nil }
        if !knownData.contains(start) {
            try lookUp(start, in: source)
            start = max(start, knownData.lowerBound)
        }
        return start < end ? start..<min(end, knownData.upperBound) : nil
    }

    /// Finds the first data at or after an offset, and the hole before it.
    private mutating func lookUp(_ start: UInt64, in source: any ImageSource) throws(SystemError) {
        guard let data = try source.nextData(from: ByteOffset(start)) else {
            knownHole = start..<UInt64.max
            knownData = UInt64.max..<UInt64.max
            return
        }
        let mask = DataExtents.blockSize - 1
        let lower = max(data.lowerBound & ~mask, start)
        knownHole = start..<lower
        // The range is never empty, so that the walk makes progress.
        knownData = lower..<max(data.upperBound.saturatingAdd(mask) & ~mask, lower.saturatingAdd(DataExtents.blockSize))
    }
}
