import Files
import ScanModel

/// Scans a pool: walks the roots, checks every image in them, and hands each result to a sink.
///
/// It knows neither the store nor the terminal. Every event reaches the sink before `run` returns.
package struct Scanner {
    private let configuration: ScanConfiguration
    private let cancellation: Cancellation
    private let progress: ProgressCounter
    /// Counts an event and hands it to the sink.
    private let emit: @Sendable (ScanEvent) -> Void

    /// - Parameter sink: called by several workers at once.
    package init(
        configuration: ScanConfiguration, cancellation: Cancellation = Cancellation(),
        progress: ProgressCounter = ProgressCounter(),
        sink: @escaping @Sendable (ScanEvent) -> Void
    ) {
        self.configuration = configuration
        self.cancellation = cancellation
        self.progress = progress
        emit = { event in
            progress.add(event)
            sink(event)
        }
    }

    /// Runs the scan until it is complete or cancelled.
    package func run() -> Coverage {
        let memory = ScanMemory(known: configuration.known, bases: BackingCache(ownFiles: configuration.ownFiles))
        var coverage = walk(memory)
        check(CandidateBatch.deferred(linkedFiles(memory, coverage)), memory, workerCount: configuration.workerCount)
        // One image at a time, so that each may use all the memory.
        let lastMemory = ScanMemory(isLastRound: true, bases: memory.bases)
        check(memory.outOfMemoryCandidates(), lastMemory, workerCount: 0)
        for path in memory.unreadPaths() + lastMemory.unreadPaths() { coverage.addUnread(path) }
        return coverage
    }

    private func walk(_ memory: ScanMemory) -> Coverage {
        var coverage = Coverage(filter: configuration.filter)
        run(memory, workerCount: configuration.workerCount) { push in
            let fail = { (error: PathError) in emit(.failed(error)) }
            var walker = Walker(
                configuration: configuration, cancellation: cancellation, progress: progress,
                visitor: CandidateVisitor(configuration: configuration, progress: progress, push: push, fail: fail),
                fail: fail)
            walker.run()
            coverage = walker.coverage
        }
        return coverage
    }

    /// The deferred files with several names that are to be checked. A shard checks those whose smallest name is in it.
    /// The names in other shards are not known yet, so the directories are read again.
    private func linkedFiles(_ memory: ScanMemory, _ coverage: Coverage) -> [FileKey: RawPath] {
        let files = memory.linkedFiles()
        guard configuration.shard != nil, !files.isEmpty else { return files }
        var walker = Walker(
            configuration: configuration, cancellation: cancellation, visitor: LinkVisitor(files), fail: { _ in })
        walker.run()
        return walker.visitor.names.filter { coverage.isInShard($0.value) }
    }

    private func check(_ candidates: [CandidateBatch], _ memory: ScanMemory, workerCount: Int) {
        guard !candidates.isEmpty else { return }
        run(memory, workerCount: workerCount) { push in
            for candidate in candidates { push(candidate) }
        }
    }

    private func run(
        _ memory: ScanMemory, workerCount: Int, produce: (_ push: @escaping (CandidateBatch) -> Void) -> Void
    ) {
        let (configuration, cancellation, progress, emit) = (configuration, cancellation, progress, emit)
        WorkerPool(workerCount: workerCount).run(
            makeWorker: {
                Worker(
                    configuration: configuration, cancellation: cancellation, progress: progress, memory: memory,
                    emit: emit)
            },
            process: { (worker: Worker, candidate: Candidate) in worker.process(candidate) },
            finish: { worker in worker.flush() },
            produce: produce)
    }
}
