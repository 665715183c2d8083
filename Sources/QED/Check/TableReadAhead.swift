import Files

/// Has a device read tables before they are wanted, so many at once that its latency does not count.
///
/// Tables that are in the page cache already cost one system call for some of them together.
/// `@unchecked Sendable`: the source allows what is done with it here from several threads.
struct TableReadAhead: @unchecked Sendable {
    /// Bytes of tables on their way.
    private static let depth: UInt64 = 16 << 20
    /// Bytes of one table: of a larger one the rest follows as it is read.
    private static let limit: UInt64 = 1 << 20

    private let source: any ImageSource
    private let tables: [TableReference]
    private let tableByteCount: UInt64

    init(_ tables: [TableReference], of source: any ImageSource, _ geometry: Geometry) {
        self.tables = tables
        self.source = source
        tableByteCount = geometry.tableByteCount
    }

    /// How many tables ahead to begin: a power of two, at least 16.
    var distance: Int { Int(TableReadAhead.depth / min(tableByteCount, TableReadAhead.limit)) }

    /// Begins with some of the tables, if the first of them has to be waited for.
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
                // Whoever reads the table finds out what is wrong with it.
            }
        }
    }
}
