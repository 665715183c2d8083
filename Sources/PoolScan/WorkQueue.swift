import Glibc

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
/// `push` waits while the queue is full, and then until it is half empty. `pop` gives work that nobody has begun, else work
/// of another worker that is not used up, and waits while there is neither. After `close` nothing more goes in, and `pop`
/// gives what is left and then nil. So both ends come to an end: a producer only ever waits for workers that run, and a
/// worker for a producer that will push or close: work that was used up stays so.
/// `@unchecked Sendable`: the work and `isClosed` are touched only with `mutex` held.
final class WorkQueue<Work: SharedWork>: @unchecked Sendable {
    private let capacity: Int
    private var waiting: [Work] = []
    private var first = 0
    /// No more than there are workers, but for what is used up.
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

    /// Adds work, waiting for room. Dropped if the queue is closed.
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
                // Whoever sleeps may have pieces of it too, and wakes the next: there may be no other work for long.
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
        // Waking the producer for each would cost more than most work does.
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
