import QED

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
        check(state.linkedCandidates(), state, workerCount: configuration.workerCount)
        // One at a time, each may have all the memory.
        let lastState = ScanState(isLastRound: true, bases: state.bases)
        check(state.starvedCandidates(), lastState, workerCount: 0)
        for path in state.unreadPaths() + lastState.unreadPaths() { coverage.addUnread(path) }
        return coverage
    }

    private func walk(_ state: ScanState) -> Coverage {
        var coverage = Coverage(filter: configuration.filter)
        run(state, workerCount: configuration.workerCount) { push in
            var walker = Walker(
                configuration: configuration, cancellation: cancellation, progress: progress, push: push,
                fail: { emit(.failed($0)) })
            walker.run()
            coverage = walker.coverage
        }
        return coverage
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
