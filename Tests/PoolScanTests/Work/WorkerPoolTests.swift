import Dispatch
import Files
import QED
import Testing

@testable import PoolScan

@Suite struct WorkerPoolTests {
    @Test func withoutWorkersWorkRunsInOrderInTheCaller() {
        let log = Locked<[String]>([])
        WorkerPool(workerCount: 0).run(
            makeWorker: { log.withLock { $0.append("worker") } },
            process: { (_: Void, number: Int) in log.withLock { $0.append("done \(number)") } },
            produce: { push in
                for work in [1..<3, 3..<4] {
                    push(Numbers(work))
                    log.withLock { $0.append("pushed \(work)") }
                }
            })
        #expect(
            log.withLock { $0 }
                == ["worker", "done 1", "done 2", "pushed 1..<3", "done 3", "pushed 3..<4"])
    }

    @Test(arguments: [1, 8, 100]) func eachPieceOfWorkIsDoneOnceBeforeTheEnd(workers: Int) {
        let (done, made) = (Locked<[Int]>([]), Locked(0))
        WorkerPool(workerCount: workers).run(
            makeWorker: { made.withLock { $0 += 1 } },
            process: { (_: Void, number: Int) in done.withLock { $0.append(number) } },
            produce: { push in for first in stride(from: 0, to: 5000, by: 10) { push(Numbers(first..<(first + 10))) } })
        #expect(done.withLock { $0 }.sorted() == Array(0..<5000))
        #expect(made.withLock { $0 } == workers)
    }

    @Test func aLongPieceDoesNotHoldUpTheOthers() throws {
        let others = DispatchSemaphore(value: 0)
        let isInTime = Locked(false)
        WorkerPool(workerCount: 2).run(
            makeWorker: {},
            process: { (_: Void, number: Int) in
                guard number == 0 else {
                    others.signal()
                    return
                }
                // Goes on only when another worker has done the rest of the same work.
                let results = (1..<5).map { _ in others.wait(timeout: .now() + 120) }
                isInTime.withLock { $0 = results.allSatisfy { $0 == .success } }
            },
            produce: { push in push(Numbers(0..<5)) })
        #expect(isInTime.withLock { $0 })
    }

    @Test(arguments: [0, 3]) func noWorkDoesNotHang(workers: Int) {
        WorkerPool(workerCount: workers).run(
            makeWorker: {}, process: { (_: Void, _: Int) in }, produce: { (_: (Numbers) -> Void) in })
    }
}
