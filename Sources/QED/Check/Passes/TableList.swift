import Files

/// The L2 tables of an image. Only some are listed and sorted at a time, since an L1 table may have 2^27 entries.
struct TableList {
    private static let limit = 1 << 15

    /// Reads the L1 table.
    private(set) var walk: TableWalk
    private var collector = Collector()
    private var rest: Range<Int>

    /// The current tables, in the order of the file.
    private(set) var tables: [TableReference] = []

    init(_ geometry: Geometry, _ walk: TableWalk) {
        self.walk = walk
        rest = 0..<geometry.entriesPerTable
    }

    /// Bytes of the L1 table.
    var bytesRead: UInt64 { walk.bytesRead }

    /// Goes on to the next tables; at the end there are none. Returns false if the L1 table cannot be read, or the
    /// check must stop.
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

/// An L1 entry, and the L2 table that it refers to if its offset is valid.
struct TableReference {
    let l1Index: Int
    /// Bytes from the start of the file.
    let offset: UInt64
}

/// Makes the device read tables in advance, so many at once that its latency does not matter.
///
/// If tables are in the page cache already, this costs one system call for several of them.
/// `@unchecked Sendable`: the source allows these calls from several threads.
struct TableReadAhead: @unchecked Sendable {
    /// How many bytes of tables are requested ahead.
    private static let depth: UInt64 = 16 << 20
    /// How many bytes of one table are requested. The rest of a larger one follows as it is read.
    private static let limit: UInt64 = 1 << 20

    private let source: any ImageSource
    private let tables: [TableReference]
    private let tableByteCount: UInt64

    init(_ tables: [TableReference], of source: any ImageSource, _ geometry: Geometry) {
        self.tables = tables
        self.source = source
        tableByteCount = geometry.tableByteCount
    }

    /// How many tables ahead to request: a power of two, at least 16.
    var distance: Int { Int(TableReadAhead.depth / min(tableByteCount, TableReadAhead.limit)) }

    /// Requests some of the tables, unless the first of them is in the page cache.
    func begin(_ chunk: Range<Int>) {
        let chunk = chunk.clamped(to: 0..<tables.count)
        guard let first = chunk.first, source.mustWait(toReadAt: ByteOffset(tables[first].offset)) else { return }
        var extents = DataExtents(of: source)
        for index in chunk {
            let start = tables[index].offset
            let end = min(start.saturatingAdd(min(tableByteCount, TableReadAhead.limit)), source.size)
            guard start < end else { continue }
            do throws(SystemError) {
                if let data = try extents.nextData(from: start, to: end, in: source) { source.readAhead(data) }
            } catch {
                // The read of the table will report the error.
            }
        }
    }
}
