import QED

/// A digest of all entries of the tables, by their places. Entries that are masked count as zero, and a masked L1
/// entry's table is left out: what a repair means to change is masked, and everything else must stay the same.
struct TableDigest: TableVisitor {
    private static let blockEntries = 512

    private let geometry: Geometry
    private let map: ClusterMap
    /// Offsets in the file, in order.
    private let masked: [UInt64]
    private var digest = SHA256()
    private var table = ByteOffset(0)
    private var block = [UInt64](repeating: 0, count: blockEntries)

    private init(geometry: Geometry, map: ClusterMap, masked: [UInt64]) {
        self.geometry = geometry
        self.map = map
        self.masked = masked
    }

    var isFinished: Bool { map.isExhausted }

    /// The 32 bytes for an image.
    ///
    /// - Parameter masked: offsets of words in the file, in any order.
    static func digest(
        of source: any ImageSource, geometry: Geometry, masking masked: [UInt64] = [], limits: CheckLimits
    ) throws(RepairFailure) -> [UInt8] {
        let map = ClusterMap(clusterCount: geometry.fileClusters, budget: limits.memory)
        var visitor = TableDigest(geometry: geometry, map: map, masked: masked.sorted())
        let clock = CheckClock(limits: limits, diskSize: source.diskSize, isCancelled: { false })
        var walk = TableWalk(source: source, geometry: geometry, workspace: CheckWorkspace(), clock: clock)
        walk.run(&visitor)
        if let error = walk.errors.errors.first { throw .image(error.error) }
        if let stop = walk.stop { throw .unexpected(stop.message) }
        if map.isExhausted { throw .unexpected(CheckStop.memoryLimit(bytes: limits.memory.limit).message) }
        return visitor.digest.finish()
    }

    mutating func visitL1Entry(_ value: UInt64, at l1Index: Int) -> Bool {
        let offset = geometry.offset(ofEntry: l1Index, inTableAt: geometry.l1TableOffset).rawValue
        guard firstMasked(from: offset) != offset else { return false }
        digest.update(UInt64(l1Index))
        digest.update(value)
        table = ByteOffset(value)
        guard geometry.fault(ofTableAt: table) == nil else { return false }
        // A table that several entries share is gone through once: a hostile image has millions of them.
        return map.markRun(from: geometry.cluster(at: table), count: geometry.tableClusters) == 0
    }

    mutating func visitL2Entries(_ entries: UnsafeBufferPointer<UInt64>, at firstL2Index: Int, of l1Index: Int) {
        // Blocks of zeros are passed over, so that it does not matter whether they are holes.
        for first in stride(from: 0, to: entries.count, by: TableDigest.blockEntries) {
            let count = min(TableDigest.blockEntries, entries.count - first)
            for index in 0..<count { block[index] = entries[first + index] }
            for index in count..<TableDigest.blockEntries { block[index] = 0 }
            mask(from: geometry.offset(ofEntry: firstL2Index + first, inTableAt: table).rawValue)
            guard block.contains(where: { $0 != 0 }) else { continue }
            digest.update(UInt64(l1Index))
            digest.update(UInt64(firstL2Index + first))
            block.withUnsafeBytes { digest.update($0) }
        }
    }

    /// Zeroes the masked words of the block at an offset in the file.
    private mutating func mask(from start: UInt64) {
        let end = start + UInt64(TableDigest.blockEntries) * 8
        var next = firstMasked(from: start)
        while let offset = next, offset < end {
            block[Int((offset - start) / 8)] = 0
            next = firstMasked(from: offset + 8)
        }
    }

    /// The first masked word at or after an offset.
    private func firstMasked(from offset: UInt64) -> UInt64? {
        var low = 0
        var high = masked.count
        while low < high {
            let middle = (low + high) / 2
            if masked[middle] < offset { low = middle + 1 } else { high = middle }
        }
        return low < masked.count ? masked[low] : nil
    }
}
