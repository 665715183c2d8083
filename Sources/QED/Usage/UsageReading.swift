import Files

extension ClusterUsage {
    /// Reads the tables of an image, and nothing else of it.
    ///
    /// - Parameters:
    ///   - fileCells: the number of cells of the file, at most 65,536; there are fewer if it has fewer clusters.
    ///   - guestCells: the same for the guest's disk.
    ///   - limits: those of a check. If the image exceeds them, the map is partial.
    ///   - isCancelled: asked between pieces of tables.
    public static func read(
        _ source: any ImageSource, fileCells: Int, guestCells: Int, limits: CheckLimits = CheckLimits(),
        isCancelled: @escaping @Sendable () -> Bool = { false }
    ) throws(ClusterUsageFault) -> ClusterUsage {
        let geometry = try readGeometry(source)
        let clock = CheckClock(limits: limits, diskSize: source.diskSize, isCancelled: isCancelled)
        let watch = ReadFailureWatch(source)
        var pass = UsagePass(geometry: geometry, watch: watch, budget: limits.memory, cellCount: guestCells)
        var walk = TableWalk(source: watch, geometry: geometry, workspace: CheckWorkspace(), clock: clock)
        if !pass.isFinished { walk.run(&pass) }
        pass.addUnread()
        let stop = walk.stop ?? (pass.isFinished ? .memoryLimit(bytes: limits.memory.limit) : nil)
        if stop != nil { pass.addUnreadRest() }

        let isComplete = stop == nil && walk.errors.count == 0
        var sorting = FileSorting(geometry: geometry, pass: pass, unreferenced: isComplete ? .leaked : .unknown)
        var holes = DiskHoles(source: source, clusterShift: geometry.clusterShift, clock: clock)
        let file = sorting.strip(cellCount: fileCells, holes: &holes)
        return ClusterUsage(
            geometry: geometry, file: file, guest: pass.guest.strip(filledWith: .unallocated), entries: pass.entries,
            stop: stop, readErrors: walk.errors.count, knowsHoles: holes.isKnown)
    }

    /// The same with as many cells for the file as for the guest's disk.
    public static func read(
        _ source: any ImageSource, cellCount: Int, limits: CheckLimits = CheckLimits()
    ) throws(ClusterUsageFault) -> ClusterUsage {
        try read(source, fileCells: cellCount, guestCells: cellCount, limits: limits)
    }

    private static func readGeometry(_ source: any ImageSource) throws(ClusterUsageFault) -> Geometry {
        let header: Header
        do throws(SystemError) {
            header = try Header(reading: source)
        } catch {
            throw .unreadable(error)
        }
        guard header.hasMagic else { throw .notQED }
        do throws(HeaderFault) {
            return try Geometry(validating: header, fileSize: source.size)
        } catch {
            throw .header(error)
        }
    }
}

/// Finds the use of each cluster of a file, from the first to the last.
private struct FileSorting {
    private let geometry: Geometry
    private let pass: UsagePass
    /// The use of clusters that nothing refers to.
    private let unreferenced: FileUse
    private let l1Table: Range<UInt64>

    init(geometry: Geometry, pass: UsagePass, unreferenced: FileUse) {
        self.geometry = geometry
        self.pass = pass
        self.unreferenced = unreferenced
        let l1Table = geometry.cluster(at: geometry.l1TableOffset).rawValue
        self.l1Table = l1Table..<l1Table + geometry.tableClusters
    }

    mutating func strip(cellCount: Int, holes: inout DiskHoles) -> UsageStrip<FileUse> {
        let end = geometry.fileClusters
        let count = end + (geometry.hasPartialCluster ? 1 : 0)
        var strip = StripBuilder<FileUse>(clusterCount: count, cellCount: cellCount)
        strip.add(.header, 0..<min(geometry.firstRegularCluster.rawValue, end))
        while strip.position < end {
            let start = strip.position
            var (use, stop) = run(from: start, to: end)
            if use == .data {
                let stretch = holes.stretch(from: start, to: stop)
                (use, stop) = (stretch.isHole ? .hole : .data, stretch.end)
            }
            strip.add(use, start..<stop)
        }
        return strip.strip(filledWith: .partialTail)
    }

    /// The use of a cluster, and where the run of clusters with the same use ends, as far as one look tells.
    private func run(from start: UInt64, to end: UInt64) -> (FileUse, UInt64) {
        let (isUsed, length) = pass.used.uniformRun(at: start)
        var stop = start + min(length, end - start)
        if start < l1Table.lowerBound { stop = min(stop, max(l1Table.lowerBound, start + 1)) }
        let isL1Table = l1Table.contains(start)
        if isL1Table { stop = min(stop, l1Table.upperBound) }
        guard isUsed || isL1Table else { return (unreferenced, stop) }
        let (isShared, sharedLength) = pass.shared.uniformRun(at: start)
        stop = min(stop, start + min(sharedLength, end - start))
        if isShared { return (.shared, stop) }
        if isL1Table { return (.l1Table, stop) }
        let (isTable, tableLength) = pass.tables.uniformRun(at: start)
        return (isTable ? .l2Table : .data, min(stop, start + min(tableLength, end - start)))
    }
}

/// Where a file has holes. The file system is asked in order, and only if needed.
struct DiskHoles {
    /// How many questions are asked between two looks at the clock.
    private static let questionsPerLook = 256

    private let source: any ImageSource
    private let clock: CheckClock
    private let clusterShift: UInt64
    /// False once the file system fails to answer or time is up. Everything after that counts as data.
    private(set) var isKnown = true
    private let hasHoles: Bool
    private var data: Range<UInt64> = 0..<0
    /// There is a hole from here to the data.
    private var holeStart: UInt64 = 0
    private var questionCount = 0

    init(source: any ImageSource, clusterShift: UInt64, clock: CheckClock) {
        self.source = source
        self.clock = clock
        self.clusterShift = clusterShift
        hasHoles = source.hasHoles
    }

    /// Whether the whole cluster at `start` is a hole, and where the run of clusters with the same answer ends.
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
