import Files

/// Scans a pool: walks the roots, checks every image in them, and hands each result to a sink.
///
/// It knows neither the store nor the terminal. Every event reaches the sink before `run` returns.
package struct Scanner {
    private let configuration: ScanConfiguration
    private let cancellation: Cancellation
    private let progress: Progress
    /// Counts an event and hands it to the sink.
    private let emit: @Sendable (ScanEvent) -> Void

    /// - Parameter sink: called by several workers at once.
    package init(
        configuration: ScanConfiguration, cancellation: Cancellation = Cancellation(), progress: Progress = Progress(),
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

    /// Runs the scan to its end, or until it is cancelled.
    package func run() -> Coverage {
        let state = ScanState(known: configuration.known, bases: BaseCache(ownFiles: configuration.ownFiles))
        var coverage = walk(state)
        check(CandidateBatch.putOff(linkedFiles(state, coverage)), state, workerCount: configuration.workerCount)
        // One at a time, each may have all the memory.
        let lastState = ScanState(isLastRound: true, bases: state.bases)
        check(state.starvedCandidates(), lastState, workerCount: 0)
        for path in state.unreadPaths() + lastState.unreadPaths() { coverage.addUnread(path) }
        return coverage
    }

    private func walk(_ state: ScanState) -> Coverage {
        var coverage = Coverage(filter: configuration.filter)
        run(state, workerCount: configuration.workerCount) { push in
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

    /// The files with several names that are to be checked. Of a shard those whose smallest name is in it: the names in
    /// others are not known yet, so the directories are read again for them.
    private func linkedFiles(_ state: ScanState, _ coverage: Coverage) -> [FileKey: RawPath] {
        let files = state.linkedFiles()
        guard configuration.shard != nil, !files.isEmpty else { return files }
        var walker = Walker(
            configuration: configuration, cancellation: cancellation, visitor: LinkVisitor(files), fail: { _ in })
        walker.run()
        return walker.visitor.names.filter { coverage.isInShard($0.value) }
    }

    private func check(_ candidates: [CandidateBatch], _ state: ScanState, workerCount: Int) {
        guard !candidates.isEmpty else { return }
        run(state, workerCount: workerCount) { push in
            for candidate in candidates { push(candidate) }
        }
    }

    private func run(
        _ state: ScanState, workerCount: Int, produce: (_ push: @escaping (CandidateBatch) -> Void) -> Void
    ) {
        let (configuration, cancellation, progress, emit) = (configuration, cancellation, progress, emit)
        WorkerPool(workerCount: workerCount).run(
            makeWorker: {
                Worker(
                    configuration: configuration, cancellation: cancellation, progress: progress, state: state,
                    emit: emit)
            },
            process: { (worker: Worker, candidate: Candidate) in worker.process(candidate) },
            finish: { worker in worker.flush() },
            produce: produce)
    }
}
