import Files

/// Where a sparse file has data, asked of the file system only where not yet known.
struct DataExtents {
    /// Extents are taken to begin and end at multiples of this, whatever the file system says: a multiple of an entry.
    private static let blockSize: UInt64 = 4096

    private let hasHoles: Bool
    private var knownHole: Range<UInt64> = 0..<0
    private var knownData: Range<UInt64> = 0..<0

    init(of source: any ImageSource) { hasHoles = source.hasHoles }

    /// The first range within `start..<end` in which something was ever written, nil if all of it is a hole.
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

    /// Learns of the first data at or after an offset, and of the hole before it.
    private mutating func lookUp(_ start: UInt64, in source: any ImageSource) throws(SystemError) {
        guard let data = try source.nextData(from: ByteOffset(start)) else {
            knownHole = start..<UInt64.max
            knownData = UInt64.max..<UInt64.max
            return
        }
        let mask = DataExtents.blockSize - 1
        let lower = max(data.lowerBound & ~mask, start)
        knownHole = start..<lower
        // Never empty, so that the walk goes on.
        knownData = lower..<max(data.upperBound.saturatingAdd(mask) & ~mask, lower.saturatingAdd(DataExtents.blockSize))
    }
}
