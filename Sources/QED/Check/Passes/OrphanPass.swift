import Files

/// Looks for L2 tables among the leaked clusters.
///
/// - What it tests: whether consecutive leaked clusters, as many as a table has, hold an L2 table. Every entry is 0, 1
///   or the offset of a leaked cluster. At least one is such an offset. No cluster is referred to twice, belongs to the
///   table itself, or to a table found before. And some L1 entry has no table and maps that much of the image.
/// - What it needs: the map of `LeakPass`, with all references. The tables that it finds are marked there, and so are
///   their data clusters, which then need no look.
/// - What it leaves: whether the table was ever in use. A crash before the first write of an L1 entry leaves the same
///   as the loss of that entry. Zeros before a table may be taken for its beginning.
/// - When it is skipped: nothing is leaked, some table could not be read, or every L1 entry of the image has a table.
///   When time, memory or `lookLimit` is used up, it ends with what it has found. Reads that fail are skipped. No
///   counter and no outcome depends on it.
struct OrphanPass {
    /// How often it may look at clusters, or for extents of a sparse file. The data of tables that it finds needs no
    /// look, so only images that leak much else come near this limit.
    private static let lookLimit = 1 << 18
    /// Bytes of the first look: guest data rarely looks like so many entries.
    private static let lookByteCount: UInt64 = 4096

    private let source: any ImageSource
    private let geometry: Geometry
    private let map: ClusterMap
    private let slots: FreeSlots
    private let clock: CheckClock
    private let memory: MemoryBudget
    private let buffer: UnsafeMutableRawBufferPointer

    private var extents: DataExtents
    private var looks = 0
    private var isOutOfMemory = false
    /// Where the last read began.
    private var position: UInt64 = 0
    /// The bytes from the current candidate up to this offset are known to be zeros.
    private var zerosEnd: UInt64 = 0
    private(set) var bytesRead: UInt64 = 0
    /// Why the clock ended it early, if it did.
    private(set) var stop: CheckStop?

    init(
        source: any ImageSource, geometry: Geometry, map: ClusterMap, slots: FreeSlots, workspace: CheckWorkspace,
        clock: CheckClock, memory: MemoryBudget
    ) {
        self.source = source
        self.geometry = geometry
        self.map = map
        self.slots = slots
        self.clock = clock
        self.memory = memory
        buffer = workspace.l2Piece
        extents = DataExtents(of: source)
    }

    /// Adds a finding for each table, in the order of the file.
    mutating func run(log: inout FindingLog) {
        var next = geometry.firstRegularCluster
        while mayGoOn() {
            position = geometry.offset(of: next).rawValue
            do throws(SystemError) {
                guard let candidate = try nextCandidate(from: next) else { return }
                next = try candidate.first.advanced(by: test(candidate, log: &log))
            } catch {
                next = geometry.cluster(at: ByteOffset(position)).advanced(by: 1)
            }
        }
    }

    /// Clusters that may be a table.
    private struct Candidate {
        let first: ClusterIndex
        /// Where the first byte that may not be 0 is.
        let dataStart: UInt64
        /// One past the last byte.
        let end: UInt64
    }

    private mutating func mayGoOn() -> Bool {
        stop = clock.stop()
        looks += 1
        return stop == nil && looks <= OrphanPass.lookLimit && !isOutOfMemory && !map.isExhausted
    }

    /// The first leaked clusters from `start` on that are enough for a table and not all zeros; nil if there are none
    /// left.
    private mutating func nextCandidate(from start: ClusterIndex) throws(SystemError) -> Candidate? {
        var cluster = start
        while cluster.rawValue < geometry.fileClusters, mayGoOn() {
            position = max(geometry.offset(of: cluster).rawValue, zerosEnd)
            let end = geometry.wholeClustersEnd
            guard let data = try extents.nextData(from: position, to: end, in: source) else { return nil }
            // A table may begin with zeros, in the hole before the data.
            let dataCluster = geometry.cluster(at: ByteOffset(data.lowerBound)).rawValue
            let earliest = dataCluster - min(dataCluster, geometry.tableClusters - 1)
            let first = ClusterIndex(max(cluster.rawValue, earliest))
            guard let run = map.unmarkedRun(from: first, limit: geometry.tableClusters) else { return nil }
            if run.lowerBound != first.rawValue {
                cluster = ClusterIndex(run.lowerBound)
            } else if run.upperBound - run.lowerBound < geometry.tableClusters {
                cluster = ClusterIndex(run.upperBound)
            } else {
                let end = geometry.offset(of: first).rawValue + geometry.tableByteCount
                return Candidate(first: first, dataStart: data.lowerBound, end: end)
            }
        }
        return nil
    }

    // MARK: - One candidate

    /// Adds and marks the candidate if it is a table. Returns after how many clusters the next table may begin.
    private mutating func test(_ candidate: Candidate, log: inout FindingLog) throws(SystemError) -> UInt64 {
        switch try read(candidate) {
        case .table(let claims, let entriesEnd):
            let offset = geometry.offset(of: candidate.first)
            guard let finding = slots.finding(ofTableAt: offset, entriesEnd: entriesEnd) else { return 1 }
            _ = map.formUnion(claims)
            log.add(finding)
            return geometry.tableClusters
        case .no: return 1
        case .never(let offset): return geometry.cluster(at: ByteOffset(offset)).rawValue - candidate.first.rawValue + 1
        }
    }

    private enum Reading {
        /// The clusters of the table and those that it refers to, and one past the index of its last entry in use.
        case table(ClusterMap, entriesEnd: Int)
        case no
        /// No table that includes the word at this offset exists.
        case never(UInt64)
    }

    private mutating func read(_ candidate: Candidate) throws(SystemError) -> Reading {
        var claims: ClusterMap?
        var entriesEnd = 0
        var hasData = false
        var length = OrphanPass.lookByteCount
        position = candidate.dataStart
        while position < candidate.end {
            guard let data = try extents.nextData(from: position, to: candidate.end, in: source) else { break }
            position = data.lowerBound
            let entries = try readEntries(byteCount: min(length, UInt64(data.count)))
            if let index = firstImpossible(in: entries) { return .never(position + UInt64(index) * 8) }
            let used = entries.indexOfNonzero(from: 0)
            if entriesEnd == 0 { zerosEnd = max(zerosEnd, position + UInt64(used) * 8) }
            if used < entries.count {
                let own = claims ?? newClaims(of: candidate)
                claims = own
                guard claim(entries, for: own, hasData: &hasData) else { return .no }
                let firstIndex = Int((position - geometry.offset(of: candidate.first).rawValue) / 8)
                entriesEnd = firstIndex + entries.indexAfterLastNonzero
            }
            position += UInt64(entries.count) * 8
            length = UInt64(buffer.count)
            guard clock.stop() == nil else { return .no }
        }
        if entriesEnd == 0 { zerosEnd = max(zerosEnd, candidate.end) }
        guard let claims, hasData, !claims.isExhausted else { return .no }
        return .table(claims, entriesEnd: entriesEnd)
    }

    private mutating func readEntries(byteCount: UInt64) throws(SystemError) -> UnsafeBufferPointer<UInt64> {
        let piece = UnsafeMutableRawBufferPointer(rebasing: buffer[..<Int(min(byteCount, UInt64(buffer.count)))])
        try source.readAll(into: piece, at: ByteOffset(position))
        bytesRead += UInt64(piece.count)
        return UnsafeBufferPointer(piece.assumingMemoryBound(to: UInt64.self))
    }

    /// The first entry that an orphaned table cannot have: an invalid offset, or a cluster that something refers to.
    private func firstImpossible(in entries: UnsafeBufferPointer<UInt64>) -> Int? {
        var next = 0
        while case let index = entries.indexOfNonzero(from: next), index < entries.count {
            next = index + 1
            guard case .data(let offset) = L2Entry(rawValue: UInt64(littleEndian: entries[index])) else { continue }
            if geometry.fault(ofClusterAt: offset) != nil || map.isMarked(geometry.cluster(at: offset)) { return index }
        }
        return nil
    }

    /// Marks what the entries refer to. Returns false if some of it was marked before, or no memory is left.
    private mutating func claim(
        _ entries: UnsafeBufferPointer<UInt64>, for claims: ClusterMap, hasData: inout Bool
    ) -> Bool {
        for entry in entries {
            guard case .data(let offset) = L2Entry(rawValue: UInt64(littleEndian: entry)) else { continue }
            hasData = true
            if claims.mark(geometry.cluster(at: offset)) { return false }
        }
        isOutOfMemory = claims.isExhausted
        return !isOutOfMemory
    }

    private func newClaims(of candidate: Candidate) -> ClusterMap {
        let claims = ClusterMap(clusterCount: geometry.fileClusters, budget: memory)
        _ = claims.markRun(from: candidate.first, count: geometry.tableClusters)
        return claims
    }
}

extension ClusterIndex {
    fileprivate func advanced(by count: UInt64) -> ClusterIndex { ClusterIndex(rawValue.saturatingAdd(count)) }
}

extension UnsafeBufferPointer<UInt64> {
    /// One past the last entry other than 0.
    fileprivate var indexAfterLastNonzero: Int { (lastIndex { $0 != 0 } ?? -1) + 1 }
}

/// The L1 entries of the image without an L2 table: an orphaned table may belong to one of them.
///
/// They are 0, invalid, or refused by `TablePass` because clusters of their table are already in use.
struct FreeSlots: TableVisitor {
    /// L1 entries that map bytes of the image.
    let entryCount: Int
    private let geometry: Geometry
    /// Entries whose tables were refused.
    private let refused: Set<Int>
    /// How many more tables were refused, at least.
    private let unlistedCount: Int
    private var takenCount = 0
    private var lastTaken = -1
    private var firstFree = 0

    /// - Parameter findings: the findings of `TablePass`.
    init(geometry: Geometry, findings: [Finding]) {
        self.geometry = geometry
        let perTable = UInt64(geometry.entriesPerTable)
        let tables = geometry.imageClusters / perTable + (geometry.imageClusters % perTable == 0 ? 0 : 1)
        entryCount = Int(min(tables, perTable))
        let refusals = findings.filter { $0.kind == .l2TableShared || $0.kind == .l2TableOverlaps }
        refused = Set(refusals.compactMap(\.place?.l1Index))
        let unlistedClusters = refusals.reduce(UInt64(0)) { $0.saturatingAdd($1.suppressedCount) }
        unlistedCount = Int(
            min(unlistedClusters.saturatingAdd(geometry.tableClusters - 1) / geometry.tableClusters, perTable))
    }

    var isEmpty: Bool { count(fitting: 0) == 0 }

    /// The finding for an orphaned table; nil if it can belong to no entry.
    ///
    /// - Parameter entriesEnd: one past the index of the table's last entry in use.
    func finding(ofTableAt table: ByteOffset, entriesEnd: Int) -> Finding? {
        let count = count(fitting: entriesEnd)
        guard count > 0 else { return nil }
        // A single one is the first free entry: only the last entry may not fit.
        let place = count == 1 && unlistedCount == 0 ? TableIndex(l1Index: firstFree) : nil
        return Finding(
            kind: .tableOrphaned, place: place, entryValue: UInt64(count), fileOffset: table, clusterCount: 0,
            guestRange: place.map { geometry.guestRange(from: $0, entryCount: 1) })
    }

    /// How many free L1 entries map this many L2 entries of the image. Only the last one may map less than a whole
    /// table.
    private func count(fitting entriesEnd: Int) -> Int {
        let free = max(entryCount - takenCount, 0) + (entryCount > 0 ? unlistedCount : 0)
        let last = entryCount - 1
        guard last >= 0, lastTaken != last else { return free }
        let mapped = geometry.entriesInImage(of: last, from: 0, count: geometry.entriesPerTable)
        return entriesEnd > mapped ? free - 1 : free
    }

    // MARK: - Walking the L1 table

    var isFinished: Bool { false }

    mutating func visitL1Entry(_ value: UInt64, at l1Index: Int) -> Bool {
        guard geometry.fault(ofTableAt: ByteOffset(value)) == nil, !refused.contains(l1Index) else { return false }
        takenCount += 1
        lastTaken = l1Index
        if l1Index == firstFree { firstFree += 1 }
        return false
    }

    mutating func visitL2Entries(_ entries: UnsafeBufferPointer<UInt64>, at firstL2Index: Int, of l1Index: Int) {}
}
