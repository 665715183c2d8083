import Dispatch
import QED
import Testing

@testable import PoolScan

@Suite struct WorkQueueTests {
    @Test func elementsComeOutInOrderAndThenNil() {
        let queue = WorkQueue<Int>(capacity: 10)
        for element in 0..<10 { queue.push(element) }
        queue.close()
        var popped: [Int] = []
        while let element = queue.pop() { popped.append(element) }
        #expect(popped == Array(0..<10))
        #expect(queue.pop() == nil)
    }

    @Test func nothingGoesInAfterClose() {
        let queue = WorkQueue<Int>(capacity: 1)
        queue.close()
        queue.push(1)
        #expect(queue.pop() == nil)
    }

    @Test(arguments: [1, 2, 7]) func everyElementReachesExactlyOneWorker(capacity: Int) {
        let queue = WorkQueue<Int>(capacity: capacity)
        let seen = Locked<[Int]>([])
        let group = DispatchGroup()
        for worker in 0..<4 {
            DispatchQueue(label: "worker \(worker)").async(group: group) {
                while let element = queue.pop() { seen.withLock { $0.append(element) } }
            }
        }
        for element in 0..<5000 { queue.push(element) }
        queue.close()
        group.wait()
        #expect(seen.withLock { $0 }.sorted() == Array(0..<5000))
    }
}
