import Dispatch
import Synchronization

/// The fast pass over one image, on several threads if the image is large.
///
/// Each thread takes chunks of the L1 table until none is left, with a map of its own; at the end the maps become one,
/// and clusters that two of them have are shared.
/// `@unchecked Sendable`: the threads only read the source, which allows that, and only the first has the workspace.
struct ParallelFastPass: @unchecked Sendable {
    /// Fewer bytes of tables than this are walked faster than threads are started.
    private static let leastTableBytes: UInt64 = 16 << 20

    private let source: any ImageSource
    private let geometry: Geometry
    private let workspace: CheckWorkspace
    private let clock: CheckClock
    private let memory: MemoryBudget
    private let threadCount: Int
    /// L1 entries that a thread takes at a time: enough tables to be worth the step, few enough that all threads end
    /// at about the same time.
    private let chunkLength: Int

    init(
        source: any ImageSource, geometry: Geometry, workspace: CheckWorkspace, clock: CheckClock, limits: CheckLimits,
        threadCount: Int
    ) {
        self.source = source
        self.geometry = geometry
        self.workspace = workspace
        self.clock = clock
        memory = limits.memory
        let tables = geometry.imageClusters / UInt64(geometry.entriesPerTable)
        let isLarge = tables.saturatingMultiply(geometry.tableByteCount) >= ParallelFastPass.leastTableBytes
        self.threadCount = isLarge && source.allowsConcurrentReads ? max(threadCount, 1) : 1
        chunkLength = self.threadCount > 1 ? max(geometry.entriesPerTable / 4096, 8) : geometry.entriesPerTable
    }

    /// Walks the whole image; nil if anything was found, could not be read, or had to stop.
    func run() -> Result? {
        let nextL1Entry = Atomic<Int>(0)
        let isOver = Atomic<Bool>(false)
        let results = ThreadResults()
        DispatchQueue.concurrentPerform(iterations: threadCount) { thread in
            let map = ClusterMap(clusterCount: geometry.fileClusters, budget: memory)
            var pass = FastPass(geometry: geometry, map: map, claimsL1Table: thread == 0)
            var walk = TableWalk(
                source: source, geometry: geometry, workspace: thread == 0 ? workspace : CheckWorkspace(), clock: clock)
            while !isOver.load(ordering: .relaxed), let chunk = takeChunk(nextL1Entry) {
                walk.run(&pass, l1Entries: chunk)
                if !pass.isComplete || !walk.isComplete { isOver.store(true, ordering: .relaxed) }
            }
            results.append(pass.isComplete && walk.isComplete ? Result(pass, walk) : nil)
        }
        return results.merged()
    }

    private func takeChunk(_ next: borrowing Atomic<Int>) -> Range<Int>? {
        let first = next.add(chunkLength, ordering: .relaxed).oldValue
        return first < geometry.entriesPerTable ? first..<min(first + chunkLength, geometry.entriesPerTable) : nil
    }

    /// What the pass gives of a sound image.
    struct Result {
        fileprivate(set) var counts: EntryCounts
        fileprivate(set) var bytesRead: UInt64
        let map: ClusterMap

        fileprivate init(_ pass: FastPass, _ walk: TableWalk) {
            counts = pass.counts
            bytesRead = walk.bytesRead
            map = pass.map
        }

        /// Adds what another thread gave; false if the two share clusters, or no memory is left for their union.
        fileprivate mutating func add(_ other: Result) -> Bool {
            counts.add(other.counts)
            bytesRead += other.bytesRead
            return map.formUnion(other.map) == 0 && !map.isExhausted
        }
    }
}

/// What the threads of one pass give.
/// `@unchecked Sendable`: `results` is touched only on `queue`, and merged when all threads have ended.
private final class ThreadResults: @unchecked Sendable {
    private let queue = DispatchQueue(label: "qedscan.fast-pass")
    private var results: [ParallelFastPass.Result?] = []

    func append(_ result: ParallelFastPass.Result?) { queue.sync { results.append(result) } }

    func merged() -> ParallelFastPass.Result? {
        var whole: ParallelFastPass.Result?
        for result in results {
            guard let result else { return nil }
            guard whole != nil else {
                whole = result
                continue
            }
            guard whole?.add(result) == true else { return nil }
        }
        return whole
    }
}
