import Files

extension ClusterUsage {
    /// Reads the tables of an image. Nothing else of it is read.
    ///
    /// - Parameters:
    ///   - fileCells: into how many cells the file is cut, at most 65,536; fewer if it has not so many clusters.
    ///   - guestCells: the same of the guest's disk.
    ///   - limits: as for a check. What goes over them makes the map partial.
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

    /// The same with as many cells of the file as of the guest's disk.
    public static func read(
        _ source: any ImageSource, cellCount: Int, limits: CheckLimits = CheckLimits()
    ) throws(ClusterUsageFault) -> ClusterUsage {
        try read(source, fileCells: cellCount, guestCells: cellCount, limits: limits)
    }

    private static func readGeometry(_ source: any ImageSource) throws(ClusterUsageFault) -> Geometry {
        let header: Header
        do throws(SystemError) {
            header = try HeaderPass.readHeader(source)
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

/// Sorts the clusters of a file by their use, from the first to the last.
private struct FileSorting {
    private let geometry: Geometry
    private let pass: UsagePass
    /// What clusters are that nothing refers to.
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

    /// The use of a cluster, and how far the clusters after it are the same by one look.
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
