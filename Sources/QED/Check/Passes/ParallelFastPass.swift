import Dispatch
import Files
import Synchronization

/// The fast pass over one image, on several threads if the image is large.
///
/// The L1 table is read first. Then it is known which L2 tables will be read, and any free thread can take them in the
/// order of the file.
struct ParallelFastPass {
    /// With fewer bytes of tables than this, starting threads and collecting clusters would take longer than walking
    /// them.
    private static let leastTableBytes: UInt64 = 16 << 20

    private let source: any ImageSource
    private let geometry: Geometry
    private let workspace: CheckWorkspace
    private let clock: CheckClock
    private let memory: MemoryBudget
    private let threadCount: Int

    init(
        source: any ImageSource, geometry: Geometry, workspace: CheckWorkspace, clock: CheckClock, limits: CheckLimits,
        threadCount: Int
    ) {
        self.source = source
        self.geometry = geometry
        self.workspace = workspace
        self.clock = clock
        memory = limits.memory
        self.threadCount = source.allowsConcurrentReads ? max(threadCount, 1) : 1
    }

    /// Walks the whole image. Returns nil if anything is wrong, cannot be read, or makes it stop.
    func run() -> Result? {
        var list = TableList(geometry, newWalk(workspace))
        guard list.readNext() else { return nil }
        let tableBytes = UInt64(list.tables.count).saturatingMultiply(geometry.tableByteCount)
        if tableBytes >= ParallelFastPass.leastTableBytes,
            let map = SharedClusterMap(clusterCount: geometry.fileClusters, budget: memory)
        {
            // Memory limits the number of threads.
            let buffers = (0..<threadCount).compactMap { _ in
                PendingClusters(partCount: map.partCount, budget: memory)
            }
            if !buffers.isEmpty { return run(list, map.map, buffers.map { PendingMarks(map, $0) }) }
        }
        let map = ClusterMap(clusterCount: geometry.fileClusters, budget: memory)
        return run(list, map, [DirectMarks(map)])
    }

    /// - Parameter marks: one for each thread, all for the same map.
    private func run<Marks: ClusterMarks>(_ list: TableList, _ map: ClusterMap, _ marks: [Marks]) -> Result? {
        var list = list
        let threads = marks.enumerated().map { index, marks in
            // The first one is the current thread, which can use its own buffers.
            FastThread(
                FastPass(geometry: geometry, marks: marks, claimsL1Table: index == 0),
                index == 0 ? list.walk.continued() : newWalk(CheckWorkspace()))
        }
        while !list.tables.isEmpty {
            let readAhead = TableReadAhead(list.tables, of: source, geometry)
            FastThread.run(threads, over: list.tables, readAhead)
            guard threads.allSatisfy(\.isComplete), list.readNext() else { return nil }
        }
        var result = Result(map: map, bytesRead: list.bytesRead)
        var usedClusters: UInt64 = 0
        for thread in threads {
            guard thread.finish() else { return nil }
            usedClusters += thread.usedClusters
            result.add(thread)
        }
        map.addUsed(usedClusters)
        return result
    }

    private func newWalk(_ workspace: CheckWorkspace) -> TableWalk {
        TableWalk(source: source, geometry: geometry, workspace: workspace, clock: clock)
    }

    /// The result for a sound image.
    struct Result {
        let map: ClusterMap
        fileprivate(set) var bytesRead: UInt64
        fileprivate(set) var counts = EntryCounts()

        fileprivate mutating func add(_ thread: FastThread<some ClusterMarks>) {
            bytesRead += thread.bytesRead
            counts.add(thread.counts)
        }
    }
}

/// The pass of one thread. `@unchecked Sendable`: it belongs to one thread and then, after that has ended, to the one
/// that started it. The source is shared, and allows that.
private final class FastThread<Marks: ClusterMarks>: @unchecked Sendable {
    private var pass: FastPass<Marks>
    private var walk: TableWalk

    init(_ pass: FastPass<Marks>, _ walk: TableWalk) {
        self.pass = pass
        self.walk = walk
    }

    var isComplete: Bool { !pass.isFinished && walk.isComplete }
    var bytesRead: UInt64 { walk.bytesRead }
    var counts: EntryCounts { pass.counts }
    var usedClusters: UInt64 { pass.usedClusters }

    /// Walks tables until none is left, or a thread must end.
    static func run(_ threads: [FastThread], over tables: [TableReference], _ readAhead: TableReadAhead) {
        let queue = TableQueue(tables, readAhead)
        guard threads.count > 1 else { return threads[0].walk(queue) }
        DispatchQueue.concurrentPerform(iterations: threads.count) { threads[$0].walk(queue) }
    }

    private func walk(_ queue: TableQueue) {
        while let chunk = queue.take() {
            for table in chunk {
                walk.run(&pass, table: table)
                if !isComplete { return queue.close() }
            }
        }
    }

    /// Marks what is still pending. Returns whether everything in this thread is sound.
    func finish() -> Bool {
        pass.finish()
        return isComplete
    }
}

/// The tables, from which several threads take some at a time, in order.
private final class TableQueue: Sendable {
    /// Tables that a thread takes at a time.
    private static let chunkLength = 8

    private let tables: [TableReference]
    private let readAhead: TableReadAhead
    private let next = Atomic<Int>(0)
    private let isClosed = Atomic<Bool>(false)

    init(_ tables: [TableReference], _ readAhead: TableReadAhead) {
        self.tables = tables
        self.readAhead = readAhead
        // With few tables, the first is needed immediately, and the others are not worth a system call.
        guard tables.count > TableQueue.chunkLength else { return }
        for first in stride(from: 0, to: readAhead.distance, by: TableQueue.chunkLength) { beginReading(from: first) }
    }

    /// The next tables, nil if there are none or the queue is closed.
    func take() -> ArraySlice<TableReference>? {
        let first = next.add(TableQueue.chunkLength, ordering: .relaxed).oldValue
        guard first < tables.count, !isClosed.load(ordering: .relaxed) else { return nil }
        beginReading(from: first + readAhead.distance)
        return tables[first..<min(first + TableQueue.chunkLength, tables.count)]
    }

    func close() { isClosed.store(true, ordering: .relaxed) }

    private func beginReading(from first: Int) { readAhead.begin(first..<first + TableQueue.chunkLength) }
}
