import Glibc

/// A bounded queue between one producer and several workers.
///
/// `push` waits while the queue is full, and then until it is half empty; `pop` waits while it is empty. After `close`
/// nothing more goes in, and `pop` gives what is left and then nil. So both ends come to an end: a producer only ever
/// waits for workers that run, and a worker for a producer that will push or close.
/// `@unchecked Sendable`: the elements and `isClosed` are touched only with `mutex` held.
final class WorkQueue<Element: Sendable>: @unchecked Sendable {
    private let capacity: Int
    private var elements: [Element] = []
    private var first = 0
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

    /// Adds an element, waiting for room. Dropped if the queue is closed.
    func push(_ element: Element) {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while elements.count - first >= capacity, !isClosed { pthread_cond_wait(notFull, mutex) }
        guard !isClosed else { return }
        elements.append(element)
        pthread_cond_signal(notEmpty)
    }

    /// The oldest element, waiting for one; nil once the queue is closed and empty.
    func pop() -> Element? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while elements.count == first, !isClosed { pthread_cond_wait(notEmpty, mutex) }
        guard first < elements.count else { return nil }
        let element = elements[first]
        first += 1
        if first == elements.count || first >= capacity {
            elements.removeFirst(first)
            first = 0
        }
        // Waking the producer for each element would cost more than most elements do.
        if elements.count - first == capacity / 2 { pthread_cond_signal(notFull) }
        return element
    }

    func close() {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        isClosed = true
        pthread_cond_broadcast(notEmpty)
        pthread_cond_broadcast(notFull)
    }
}
