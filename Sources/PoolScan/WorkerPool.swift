import Dispatch

/// Workers that take work from one queue, each on a serial Dispatch queue of its own.
///
/// Serial queues, because blocking reads on a concurrent queue get only about as many threads as there are cores, and
/// disks want more requests under way than that.
struct WorkerPool {
    /// 0 runs all work inline in the caller, in order: for tests and for runs that must be deterministic.
    let workerCount: Int

    /// Enough that nobody waits for the other's every step, and few: each piece of work may hold a directory open.
    private static let queuedPerWorker = 4

    /// Runs a producer in the calling thread and one worker for each queue; returns when all work is done.
    ///
    /// - Parameters:
    ///   - makeWorker: makes the state of one worker: called once for each.
    ///   - process: one piece of work.
    ///   - finish: called after the last piece that a worker took of some work.
    ///   - produce: hands over work; waits while workers are far behind.
    func run<Work: SharedWork, Worker>(
        makeWorker: @escaping @Sendable () -> Worker,
        process: @escaping @Sendable (Worker, Work.Piece) -> Void,
        finish: @escaping @Sendable (Worker) -> Void = { _ in },
        produce: (_ push: @escaping (Work) -> Void) -> Void
    ) {
        guard workerCount > 0 else {
            let worker = makeWorker()
            return produce { work in
                while let piece = work.take() { process(worker, piece) }
                finish(worker)
            }
        }
        let queue = WorkQueue<Work>(capacity: workerCount * WorkerPool.queuedPerWorker)
        let group = DispatchGroup()
        for number in 1...workerCount {
            DispatchQueue(label: "qedscan.worker.\(number)").async(group: group) {
                let worker = makeWorker()
                while let work = queue.pop() {
                    while let piece = work.take() { process(worker, piece) }
                    finish(worker)
                }
            }
        }
        produce(queue.push)
        queue.close()
        group.wait()
    }
}
