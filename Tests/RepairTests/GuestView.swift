/// What a guest reads, told from the bytes of an image by the specification alone: nothing of the program is used.
struct GuestView {
    enum Reading: Hashable, Sendable {
        /// Its entry, or the one of its table, has an offset that cannot be used.
        case unreadable
        /// The backing file, or zeros.
        case unallocated
        case zeros
        /// A cluster of the file, at this offset.
        case data(Int)
    }

    private enum Table {
        case unreadable
        /// All but the unallocated ones.
        case entries([Int: Reading])
    }

    let bytes: [UInt8]
    let clusterSize: Int
    let entriesPerTable: Int
    /// Clusters of the guest.
    let clusterCount: Int
    let hasBackingFile: Bool
    /// Clusters of the file in which a table stands.
    private(set) var tableClusters: Set<Int> = []
    private var tables: [Int: Table] = [:]
    private let isUnreadable: Bool
    private let headerEnd: Int
    private let tableSize: Int

    /// An image whose header fields are good; its L1 table may end past the file.
    init(_ bytes: [UInt8]) {
        let header = bytes.prefix(64) + [UInt8](repeating: 0, count: max(64 - bytes.count, 0))
        func field(_ offset: Int, _ size: Int) -> UInt64 {
            header[offset..<offset + size].reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
        self.bytes = bytes
        clusterSize = Int(field(4, 4))
        tableSize = Int(field(8, 4)) * clusterSize
        entriesPerTable = tableSize / 8
        headerEnd = max(Int(field(12, 4)), 1) * clusterSize
        hasBackingFile = field(16, 8) & 1 != 0 && field(60, 4) > 0
        let size = field(48, 8)
        clusterCount = Int(size / UInt64(clusterSize) + (size % UInt64(clusterSize) == 0 ? 0 : 1))
        let l1Table = Int(field(40, 8))
        isUnreadable = l1Table + tableSize > bytes.count
        guard !isUnreadable else { return }
        for (l1Index, value) in entries(at: l1Table) { tables[l1Index] = table(at: value) }
        noteTable(at: l1Table)
    }

    /// What the guest reads in a cluster.
    func reading(_ cluster: Int) -> Reading {
        if isUnreadable { return .unreadable }
        switch tables[cluster / entriesPerTable] {
        case nil: return .unallocated
        case .unreadable: return .unreadable
        case .entries(let entries): return entries[cluster % entriesPerTable] ?? .unallocated
        }
    }

    /// Clusters that may read otherwise than unallocated, here or in another view of the same guest.
    func interestingClusters(_ other: GuestView) -> [Int] {
        if isUnreadable || other.isUnreadable { return Array(0..<clusterCount) }
        var clusters: [Int] = []
        for l1Index in Set(tables.keys).union(other.tables.keys).sorted() {
            let first = l1Index * entriesPerTable
            switch (tables[l1Index], other.tables[l1Index]) {
            case (.unreadable, _), (_, .unreadable):
                clusters += Array(first..<max(min(first + entriesPerTable, clusterCount), first))
            case (let left, let right):
                let indexes = GuestView.indexes(left).union(GuestView.indexes(right))
                clusters += indexes.sorted().map { first + $0 }.filter { $0 < clusterCount }
            }
        }
        return clusters
    }

    /// Whether a cluster reads the same bytes in another view.
    func readsTheSame(_ cluster: Int, in other: GuestView) -> Bool {
        switch (reading(cluster), other.reading(cluster)) {
        case (.data(let left), .data(let right)):
            bytes.matches(other.bytes, at: left, and: right, count: clusterSize)
        case (.zeros, .unallocated), (.unallocated, .zeros): !hasBackingFile
        case (let left, let right): left == right
        }
    }

    /// Whether a cluster reads bytes of a table.
    func readsTable(_ cluster: Int) -> Bool {
        guard case .data(let offset) = reading(cluster) else { return false }
        return tableClusters.contains(offset / clusterSize)
    }

    // MARK: - Parts

    private static func indexes(_ table: Table?) -> Set<Int> {
        guard case .entries(let entries) = table else { return [] }
        return Set(entries.keys)
    }

    private mutating func table(at value: UInt64) -> Table {
        guard let offset = usable(value, length: tableSize) else { return .unreadable }
        noteTable(at: offset)
        var readings: [Int: Reading] = [:]
        for (index, value) in entries(at: offset) {
            readings[index] = value == 1 ? .zeros : usable(value, length: clusterSize).map { .data($0) } ?? .unreadable
        }
        return .entries(readings)
    }

    private mutating func noteTable(at offset: Int) {
        for cluster in offset / clusterSize..<(offset + tableSize) / clusterSize { tableClusters.insert(cluster) }
    }

    private func usable(_ value: UInt64, length: Int) -> Int? {
        guard value % UInt64(clusterSize) == 0, value >= UInt64(headerEnd), bytes.count >= length,
            value <= UInt64(bytes.count - length)
        else { return nil }
        return Int(value)
    }

    /// The entries other than 0.
    private func entries(at offset: Int) -> [(index: Int, value: UInt64)] {
        bytes.withUnsafeBytes { buffer in
            var found: [(index: Int, value: UInt64)] = []
            for index in 0..<entriesPerTable {
                let value = buffer.loadUnaligned(fromByteOffset: offset + index * 8, as: UInt64.self)
                if value != 0 { found.append((index, UInt64(littleEndian: value))) }
            }
            return found
        }
    }
}
