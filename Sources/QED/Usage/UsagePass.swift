import Files

/// Marks what every entry refers to, and finds the use of each guest cluster.
///
/// It claims clusters in the order of the tables, as `TablePass` does, so that its numbers are those of the check.
struct UsagePass: TableVisitor {
    private let geometry: Geometry
    private let watch: ReadFailureWatch
    /// Every cluster that something refers to.
    let used: ClusterMap
    /// Those that belong to L2 tables.
    let tables: ClusterMap
    /// Those that something else has referred to again.
    let shared: ClusterMap

    private(set) var guest: StripBuilder<GuestUse>
    private(set) var entries = ClusterUsage.Entries()
    /// The offset of the current L2 table, and its L1 entry; nil before the first.
    private var table: (offset: UInt64, l1Index: Int)?

    init(geometry: Geometry, watch: ReadFailureWatch, budget: MemoryBudget, cellCount: Int) {
        self.geometry = geometry
        self.watch = watch
        used = ClusterMap(clusterCount: geometry.fileClusters, budget: budget)
        tables = ClusterMap(clusterCount: geometry.fileClusters, budget: budget)
        shared = ClusterMap(clusterCount: geometry.fileClusters, budget: budget)
        guest = StripBuilder(clusterCount: geometry.imageClusters, cellCount: cellCount)
        _ = used.markRun(from: geometry.cluster(at: geometry.l1TableOffset), count: geometry.tableClusters)
    }

    var isFinished: Bool { used.isExhausted || tables.isExhausted || shared.isExhausted }

    mutating func visitL1Entry(_ value: UInt64, at l1Index: Int) -> Bool {
        addUnread()
        let offset = ByteOffset(value)
        table = (value, l1Index)
        guard geometry.fault(ofTableAt: offset) == nil else {
            entries.invalidTables += 1
            guest.add(.invalid, guestClusters(of: l1Index))
            return false
        }
        let first = geometry.cluster(at: offset).rawValue
        var sharedCount: UInt64 = 0
        for cluster in first..<first + geometry.tableClusters {
            _ = tables.mark(ClusterIndex(cluster))
            sharedCount += claim(ClusterIndex(cluster)) ? 0 : 1
        }
        guard sharedCount > 0 else { return true }
        entries.sharedReferences += sharedCount
        guest.add(.shared, guestClusters(of: l1Index))
        return false
    }

    mutating func visitL2Entries(_ entries: UnsafeBufferPointer<UInt64>, at firstL2Index: Int, of l1Index: Int) {
        let firstCluster = guestClusters(of: l1Index).lowerBound + UInt64(firstL2Index)
        var next = 0
        while case let position = entries.indexOfNonzero(from: next), position < entries.count {
            next = position + 1
            let cluster = firstCluster + UInt64(position)
            let use = visit(L2Entry(rawValue: UInt64(littleEndian: entries[position])))
            guest.add(use, cluster..<cluster + 1)
        }
    }

    /// Adds what could not be read since the last call.
    mutating func addUnread() {
        let l1Table = geometry.l1TableOffset.rawValue
        for bytes in watch.takeFailures() {
            if (l1Table..<l1Table + geometry.tableByteCount).contains(bytes.lowerBound) {
                let first = Int((bytes.lowerBound - l1Table) / 8)
                let end = Int((min(bytes.upperBound, l1Table + geometry.tableByteCount) - l1Table) / 8)
                guest.add(.unread, guestClusters(of: first).lowerBound..<guestClusters(of: end).lowerBound)
            } else if let table, bytes.lowerBound >= table.offset {
                // A read that fails ends its table.
                let clusters = guestClusters(of: table.l1Index)
                let first = clusters.lowerBound + min((bytes.lowerBound - table.offset) / 8, UInt64(clusters.count))
                guest.add(.unread, first..<clusters.upperBound)
            }
        }
    }

    /// Adds everything after the last entry as unread.
    mutating func addUnreadRest() { guest.add(.unread, guest.position..<geometry.imageClusters) }

    private mutating func visit(_ entry: L2Entry) -> GuestUse {
        switch entry {
        case .unallocated: return .unallocated
        case .zero:
            entries.zero += 1
            return .zero
        case .data(let offset):
            entries.allocated += 1
            guard geometry.fault(ofClusterAt: offset) == nil else {
                entries.invalidData += 1
                return .invalid
            }
            guard !claim(geometry.cluster(at: offset)) else { return .allocated }
            entries.sharedReferences += 1
            return .shared
        }
    }

    /// Marks a cluster as used or, if it is used already, as shared. Returns whether it was free.
    private func claim(_ cluster: ClusterIndex) -> Bool {
        guard used.mark(cluster) else { return true }
        _ = shared.mark(cluster)
        return false
    }

    /// The guest clusters that an L1 entry maps, even past the end of the image. They are below 2^54, since both
    /// factors are at most 2^27.
    private func guestClusters(of l1Index: Int) -> Range<UInt64> {
        let perEntry = UInt64(geometry.entriesPerTable)
        return UInt64(l1Index) * perEntry..<UInt64(l1Index + 1) * perEntry
    }
}

/// A source that remembers which reads have failed, so that the unread entries can be named.
final class ReadFailureWatch: ImageSource {
    private let source: any ImageSource
    private var failures: [Range<UInt64>] = []

    init(_ source: any ImageSource) { self.source = source }

    var size: UInt64 { source.size }
    var diskSize: UInt64 { source.diskSize }

    /// The bytes that could not be read since the last call, in the order of the reads.
    func takeFailures() -> [Range<UInt64>] {
        guard !failures.isEmpty else { return [] }
        defer { failures.removeAll() }
        return failures
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: ByteOffset) throws(SystemError) -> Int {
        do throws(SystemError) {
            let count = try source.read(into: buffer, at: offset)
            if count < buffer.count { note(offset, buffer.count) }
            return count
        } catch {
            note(offset, buffer.count)
            throw error
        }
    }

    func nextData(from offset: ByteOffset) throws(SystemError) -> Range<UInt64>? {
        do throws(SystemError) {
            return try source.nextData(from: offset)
        } catch {
            note(offset, CheckWorkspace.pieceByteCount)
            throw error
        }
    }

    private func note(_ offset: ByteOffset, _ byteCount: Int) {
        failures.append(offset.rawValue..<offset.rawValue.saturatingAdd(UInt64(byteCount)))
    }
}
