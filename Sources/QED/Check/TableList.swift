/// The L2 tables of an image, in pieces: so many at a time as are worth sorting, since an L1 table may have 2^27 entries.
struct TableList {
    private static let limit = 1 << 15

    /// Reads the L1 table.
    private(set) var walk: TableWalk
    private var collector = Collector()
    private var rest: Range<Int>

    /// Those at hand, in the order in which they lie in the file.
    private(set) var tables: [TableReference] = []

    init(_ geometry: Geometry, _ walk: TableWalk) {
        self.walk = walk
        rest = 0..<geometry.entriesPerTable
    }

    /// Bytes of the L1 table.
    var bytesRead: UInt64 { walk.bytesRead }

    /// Goes on to the next tables, none at the end; false if the L1 table cannot be read, or the check has to stop.
    mutating func readNext() -> Bool {
        collector.tables.removeAll(keepingCapacity: true)
        walk.run(&collector, l1Entries: rest)
        let last = collector.isFinished ? collector.tables.last : nil
        rest = (last.map { $0.l1Index + 1 } ?? rest.upperBound)..<rest.upperBound
        tables = collector.tables
        tables.sort { $0.offset < $1.offset }
        return walk.isComplete
    }

    private struct Collector: TableVisitor {
        var tables: [TableReference] = []

        var isFinished: Bool { tables.count == TableList.limit }

        mutating func visitL1Entry(_ value: UInt64, at l1Index: Int) -> Bool {
            tables.append(TableReference(l1Index: l1Index, offset: value))
            return false
        }

        mutating func visitL2Entries(_ entries: UnsafeBufferPointer<UInt64>, at firstL2Index: Int, of l1Index: Int) {}
    }
}

/// An L1 entry: where an L2 table is, if the offset is valid.
struct TableReference {
    let l1Index: Int
    /// Bytes from the start of the file.
    let offset: UInt64
}
