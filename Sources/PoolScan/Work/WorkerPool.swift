import Dispatch
import Glibc

/// Workers that take work from one queue, each on its own serial Dispatch queue.
///
/// The queues are serial because Dispatch gives the blocking reads of a concurrent queue only about as many threads as
/// there are cores, and disks want more requests at a time.
struct WorkerPool {
    /// 0 runs all work in the caller's thread, in order: for tests and for runs that must be deterministic.
    let workerCount: Int

    /// Enough that producer and workers rarely wait for each other, and few: each batch may keep a directory open.
    private static let queuedPerWorker = 4

    /// Runs a producer in the calling thread and one worker for each queue; returns when all work is done.
    ///
    /// - Parameters:
    ///   - makeWorker: makes the state of a worker; called once for each.
    ///   - process: does one piece of work.
    ///   - finish: called after the last piece that a worker took from a batch.
    ///   - produce: hands over work; waits while the workers are far behind.
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

/// Work in pieces, which several workers take one by one.
protocol SharedWork: Sendable {
    associatedtype Piece

    /// A piece that nobody else gets; nil if none is left, and then none ever is.
    func take() -> Piece?

    /// Whether no piece is left.
    var isUsedUp: Bool { get }
}

/// A bounded queue between one producer and several workers.
///
/// If the queue is full, `push` waits until it is half empty. `pop` gives work that nobody has begun, else work of
/// another worker that is not used up, and waits while there is neither. After `close` nothing more goes in, and `pop`
/// gives what is left and then nil. Neither end can wait for ever: a producer waits only for workers that run, and a
/// worker only for a producer that will push or close. `@unchecked Sendable`: the work and `isClosed` are touched only
/// with `mutex` held.
final class WorkQueue<Work: SharedWork>: @unchecked Sendable {
    private let capacity: Int
    private var waiting: [Work] = []
    private var first = 0
    /// At most one for each worker, not counting what is used up.
    private var begun: [Work] = []
    private var isClosed = false

    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let notEmpty: UnsafeMutablePointer<pthread_cond_t>
    private let notFull: UnsafeMutablePointer<pthread_cond_t>

    init(capacity: Int) {
        self.capacity = max(capacity, 1)
        mutex = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        pthread_mutex_init(mutex, nil)
        notEmpty = .allocate(capacity: 1)
        notEmpty.initialize(to: pthread_cond_t())
        pthread_cond_init(notEmpty, nil)
        notFull = .allocate(capacity: 1)
        notFull.initialize(to: pthread_cond_t())
        pthread_cond_init(notFull, nil)
    }

    deinit {
        pthread_cond_destroy(notEmpty)
        pthread_cond_destroy(notFull)
        pthread_mutex_destroy(mutex)
        notEmpty.deallocate()
        notFull.deallocate()
        mutex.deallocate()
    }

    /// Adds work, waiting for room. Drops it if the queue is closed.
    func push(_ work: Work) {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while waiting.count - first >= capacity, !isClosed { pthread_cond_wait(notFull, mutex) }
        guard !isClosed else { return }
        waiting.append(work)
        pthread_cond_signal(notEmpty)
    }

    /// Work with pieces left, the oldest first, waiting for some; nil once the queue is closed and all is used up.
    func pop() -> Work? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while true {
            begun.removeAll { $0.isUsedUp }
            if let work = first < waiting.count ? begin() : begun.first {
                // A waiting worker may help with it, and wakes the next one: there may be no other work for a long
                // time.
                pthread_cond_signal(notEmpty)
                return work
            }
            if isClosed { return nil }
            pthread_cond_wait(notEmpty, mutex)
        }
    }

    private func begin() -> Work {
        let work = waiting[first]
        first += 1
        if first == waiting.count || first >= capacity {
            waiting.removeFirst(first)
            first = 0
        }
        begun.append(work)
        // Waking the producer each time would cost more than most batches need.
        if waiting.count - first == capacity / 2 { pthread_cond_signal(notFull) }
        return work
    }

    func close() {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        isClosed = true
        pthread_cond_broadcast(notEmpty)
        pthread_cond_broadcast(notFull)
    }
}
