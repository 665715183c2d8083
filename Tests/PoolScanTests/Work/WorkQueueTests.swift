import Dispatch
import Files
import QED
import Testing

@testable import PoolScan

@Suite struct WorkQueueTests {
    @Test func workComesOutInOrderAndThenNil() {
        let queue = WorkQueue<Numbers>(capacity: 10)
        for number in 0..<10 { queue.push(Numbers(number..<(number + 1))) }
        queue.close()
        var taken: [Int] = []
        while let work = queue.pop() {
            while let number = work.take() { taken.append(number) }
        }
        #expect(taken == Array(0..<10))
        #expect(queue.pop() == nil)
    }

    @Test func nothingGoesInAfterClose() {
        let queue = WorkQueue<Numbers>(capacity: 1)
        queue.close()
        queue.push(Numbers(0..<1))
        #expect(queue.pop() == nil)
    }

    @Test func begunWorkIsSharedOnlyWhenNothingElseWaits() throws {
        let queue = WorkQueue<Numbers>(capacity: 2)
        queue.push(Numbers(0..<3))
        queue.push(Numbers(3..<5))
        queue.close()
        let first = try #require(queue.pop())
        #expect(first.take() == 0)
        let second = try #require(queue.pop())
        #expect(second.take() == 3)
        #expect(queue.pop() === first)
        while first.take() != nil {}
        #expect(queue.pop() === second)
        while second.take() != nil {}
        #expect(queue.pop() == nil)
    }

    /// Workers that slept before the only work came each get a piece of it, while the first still has his.
    @Test(.timeLimit(.minutes(10))) func sleepingWorkersShareTheOnlyWork() {
        let workerCount = 3
        let queue = WorkQueue<Numbers>(capacity: 8)
        let arrived = DispatchSemaphore(value: 0)
        let mayGo = DispatchSemaphore(value: 0)
        let group = DispatchGroup()
        for number in 0..<workerCount {
            DispatchQueue(label: "sleeper.\(number)").async(group: group) {
                guard let work = queue.pop(), work.take() != nil else { return }
                arrived.signal()
                mayGo.wait()
            }
        }
        queue.push(Numbers(0..<workerCount))
        for _ in 0..<workerCount { #expect(arrived.wait(timeout: .now() + 300) == .success) }
        for _ in 0..<workerCount { mayGo.signal() }
        queue.close()
        group.wait()
    }

    @Test(arguments: [1, 2, 7], [1, 3, 64]) func everyPieceReachesExactlyOneWorker(capacity: Int, pieces: Int) {
        let queue = WorkQueue<Numbers>(capacity: capacity)
        let seen = Locked<[Int]>([])
        let group = DispatchGroup()
        for worker in 0..<4 {
            DispatchQueue(label: "worker \(worker)").async(group: group) {
                while let work = queue.pop() {
                    while let number = work.take() { seen.withLock { $0.append(number) } }
                }
            }
        }
        for first in stride(from: 0, to: 5000, by: pieces) { queue.push(Numbers(first..<min(first + pieces, 5000))) }
        queue.close()
        group.wait()
        #expect(seen.withLock { $0 }.sorted() == Array(0..<5000))
    }
}
