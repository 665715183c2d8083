import Files
import QED

/// Tests that the writes in a journal are those of a repair: changes to tables and header, new bytes at the end, bytes
/// within the file that are given back. A store that is damaged, or that somebody else has written, must not make us
/// write anything else.
struct JournalReview {
    private let replay: JournalReplay
    private let limits: CheckLimits

    init(_ replay: JournalReplay, limits: CheckLimits) {
        self.replay = replay
        self.limits = limits
    }

    /// The first thing that is wrong with the writes, as a clause; nil if they are sound.
    func flaw() throws(RepairFailure) -> String? {
        // This comes first, since reading the image as before the repair relies on it.
        if let offset = firstOverlap { return JournalReview.flaw(at: offset) }
        guard let wellFormed = try tables() else { return "it is not a QED image, or its header cannot be used" }
        var flaw: String?
        for phase in RepairWrite.Phase.allCases {
            try replay.journal.forEachWrite(of: replay.id, in: phase) { write throws(RepairFailure) in
                guard flaw == nil, !isSound(write, tables: wellFormed) else { return }
                flaw = JournalReview.flaw(at: write.offset)
            }
        }
        return flaw
    }

    private static func flaw(at offset: UInt64) -> String {
        "the journal is damaged: a repair does not write what it asks for at offset \(offset)"
    }

    /// The offset of a write in place that overlaps another one, or whose old and new bytes differ in number; nil if
    /// there is none.
    private var firstOverlap: UInt64? {
        var end: UInt64 = 0
        for write in replay.words.sorted(by: { $0.offset < $1.offset }) {
            guard case .words(let before, let after) = write.content, before.count == after.count, write.offset >= end
            else { return write.offset }
            end = write.offset.saturatingAdd(write.length)
        }
        return nil
    }

    private func isSound(_ write: RepairWrite, tables: RangeUnion) -> Bool {
        let end = write.offset.saturatingAdd(write.length)
        switch (write.phase, write.content) {
        case (.header, .words(let before, let after)):
            let features = UInt64(HeaderField.features.offset)
            return isWords(write, before, after) && write.offset >= features
                && end <= UInt64(HeaderField.l1TableOffset.offset)
        case (.detach, .words(let before, let after)), (.pointer, .words(let before, let after)):
            return isWords(write, before, after)
                && stride(from: write.offset, to: end, by: 8).allSatisfy { tables.contains($0) }
        case (.tail, .append), (.tail, .copy):
            return write.offset >= replay.sizeBefore && end <= replay.sizeAfter
        case (.reclaim, .release(let length, let saved)):
            return end <= replay.sizeBefore && UInt64(saved?.count ?? Int(clamping: length)) == length
        default: return false
        }
    }

    private func isWords(_ write: RepairWrite, _ before: [UInt8], _ after: [UInt8]) -> Bool {
        before.count == after.count && before.count % 8 == 0 && write.offset % 8 == 0
    }

    /// The bytes of the L1 table and of all L2 tables with valid offsets; nil without a usable header.
    private func tables() throws(RepairFailure) -> RangeUnion? {
        let before = replay.imageBefore
        let header = try RepairFailure.wrap { () throws(SystemError) in try Header(reading: before) }
        let source = OverlaySource(completing: before, header: header)
        guard header.hasMagic, let geometry = Geometry.ofUsable(header, fileSize: source.size) else { return nil }
        var tables = TableRanges(geometry)
        let clock = CheckClock(limits: limits, diskSize: source.diskSize, isCancelled: { false })
        var walk = TableWalk(source: source, geometry: geometry, workspace: CheckWorkspace(), clock: clock)
        walk.run(&tables)
        if let error = walk.errors.errors.first { throw .image(error.error) }
        if let stop = walk.stop { throw .unexpected(stop.message) }
        return RangeUnion(of: tables.ranges)
    }
}

/// Collects where the tables are.
private struct TableRanges: TableVisitor {
    private let geometry: Geometry
    private(set) var ranges: [Range<UInt64>]

    init(_ geometry: Geometry) {
        self.geometry = geometry
        let l1Table = geometry.l1TableOffset.rawValue
        ranges = [l1Table..<l1Table.saturatingAdd(geometry.tableByteCount)]
    }

    var isFinished: Bool { false }

    mutating func visitL1Entry(_ value: UInt64, at l1Index: Int) -> Bool {
        if geometry.fault(ofTableAt: ByteOffset(value)) == nil {
            ranges.append(value..<value.saturatingAdd(geometry.tableByteCount))
        }
        return false
    }

    mutating func visitL2Entries(_ entries: UnsafeBufferPointer<UInt64>, at firstL2Index: Int, of l1Index: Int) {}
}
