import Glibc

/// What a guest reads, told from the bytes of an image by the specification alone: nothing of the program is used.
package struct GuestView {
    package enum Reading: Hashable, Sendable {
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

    package let bytes: [UInt8]
    package let header: NaiveHeader
    package let clusterSize: Int
    package let entriesPerTable: Int
    /// Clusters of the guest.
    package let clusterCount: Int
    package let hasBackingFile: Bool
    /// Clusters of the file that hold a table.
    package private(set) var tableClusters: Set<Int> = []
    private var tables: [Int: Table] = [:]
    private let isUnreadable: Bool

    /// An image whose header fields are good; its L1 table may end past the file.
    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
        header = NaiveHeader(bytes)
        clusterSize = Int(header.clusterSize)
        entriesPerTable = Int(header.entriesPerTable)
        hasBackingFile = header.hasBackingFile
        clusterCount = Int(header.guestClusters)
        isUnreadable = !header.isTable(header.l1Table)
        guard !isUnreadable else { return }
        for (l1Index, value) in bytes.entries(ofTableAt: header.l1Table, count: header.entriesPerTable) {
            tables[Int(l1Index)] = table(at: value)
        }
        noteTable(at: header.l1Table)
    }

    /// What the guest reads in a cluster.
    package func reading(_ cluster: Int) -> Reading {
        if isUnreadable { return .unreadable }
        switch tables[cluster / entriesPerTable] {
        case nil: return .unallocated
        case .unreadable: return .unreadable
        case .entries(let entries): return entries[cluster % entriesPerTable] ?? .unallocated
        }
    }

    /// Clusters that may read otherwise than unallocated, here or in another view of the same guest.
    package func interestingClusters(_ other: GuestView) -> [Int] {
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
    package func readsTheSame(_ cluster: Int, in other: GuestView) -> Bool {
        switch (reading(cluster), other.reading(cluster)) {
        case (.data(let left), .data(let right)):
            hasCluster(at: left, sameAs: other, at: right)
        case (.zeros, .unallocated), (.unallocated, .zeros): !hasBackingFile
        case (let left, let right): left == right
        }
    }

    /// Whether a cluster reads bytes of a table.
    package func readsTable(_ cluster: Int) -> Bool {
        guard case .data(let offset) = reading(cluster) else { return false }
        return tableClusters.contains(offset / clusterSize)
    }

    // MARK: - Parts

    private static func indexes(_ table: Table?) -> Set<Int> {
        guard case .entries(let entries) = table else { return [] }
        return Set(entries.keys)
    }

    private mutating func table(at value: UInt64) -> Table {
        guard header.isTable(value) else { return .unreadable }
        noteTable(at: value)
        var readings: [Int: Reading] = [:]
        for (index, entry) in bytes.entries(ofTableAt: value, count: header.entriesPerTable) {
            readings[Int(index)] = entry == 1 ? .zeros : header.isCluster(entry) ? .data(Int(entry)) : .unreadable
        }
        return .entries(readings)
    }

    private mutating func noteTable(at offset: UInt64) {
        let first = Int(offset) / clusterSize
        for cluster in first..<first + Int(header.tableSize) { tableClusters.insert(cluster) }
    }

    /// Both offsets are those of clusters in the files.
    private func hasCluster(at offset: Int, sameAs other: GuestView, at otherOffset: Int) -> Bool {
        bytes.withUnsafeBytes { left in
            other.bytes.withUnsafeBytes { right in
                guard let left = left.baseAddress, let right = right.baseAddress else { return false }
                return memcmp(left + offset, right + otherOffset, clusterSize) == 0
            }
        }
    }
}
