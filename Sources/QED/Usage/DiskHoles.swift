import Files

/// Where a file has holes, asked of the file system in order and only where need be.
struct DiskHoles {
    /// So many questions are asked between two looks at the clock.
    private static let questionsPerLook = 256

    private let source: any ImageSource
    private let clock: CheckClock
    private let clusterShift: UInt64
    /// False from the moment that the file system failed to answer or time was up: all the rest counts as data.
    private(set) var isKnown = true
    private let hasHoles: Bool
    private var data: Range<UInt64> = 0..<0
    /// From here to the data there is a hole.
    private var holeStart: UInt64 = 0
    private var questionCount = 0

    init(source: any ImageSource, clusterShift: UInt64, clock: CheckClock) {
        self.source = source
        self.clock = clock
        self.clusterShift = clusterShift
        hasHoles = source.hasHoles
    }

    /// Whether the cluster at `start` is a hole as a whole, and where the clusters of which the same is true end.
    mutating func stretch(from start: UInt64, to end: UInt64) -> (isHole: Bool, end: UInt64) {
        guard hasHoles, isKnown, start < end else { return (false, end) }
        // Clusters of a file end below 2^64.
        let offset = start << clusterShift
        if offset < holeStart || offset >= data.upperBound { ask(offset) }
        guard isKnown else { return (false, end) }
        let dataStart = data.lowerBound >> clusterShift
        if start < dataStart { return (true, min(dataStart, end)) }
        let dataEnd = ((data.upperBound - 1) >> clusterShift) + 1
        return (false, min(max(dataEnd, start + 1), end))
    }

    private mutating func ask(_ offset: UInt64) {
        questionCount += 1
        if questionCount % DiskHoles.questionsPerLook == 0, clock.stop() != nil { isKnown = false }
        do throws(SystemError) {
            holeStart = offset
            let next = try source.nextData(from: ByteOffset(offset)) ?? UInt64.max - 1..<UInt64.max
            data = max(next.lowerBound, offset)..<max(next.upperBound, offset.saturatingAdd(1))
        } catch {
            isKnown = false
        }
    }
}
