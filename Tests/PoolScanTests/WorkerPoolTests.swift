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
                for number in 1...3 {
                    push(number)
                    log.withLock { $0.append("pushed \(number)") }
                }
            })
        #expect(
            log.withLock { $0 }
                == ["worker", "done 1", "pushed 1", "done 2", "pushed 2", "done 3", "pushed 3"])
    }

    @Test(arguments: [1, 8, 100]) func eachPieceOfWorkIsDoneOnceBeforeTheEnd(workers: Int) {
        let (done, made) = (Locked<[Int]>([]), Locked(0))
        WorkerPool(workerCount: workers).run(
            makeWorker: { made.withLock { $0 += 1 } },
            process: { (_: Void, number: Int) in done.withLock { $0.append(number) } },
            produce: { push in for number in 0..<5000 { push(number) } })
        #expect(done.withLock { $0 }.sorted() == Array(0..<5000))
        #expect(made.withLock { $0 } == workers)
    }

    @Test(arguments: [0, 3]) func nothingToDoIsNoHang(workers: Int) {
        WorkerPool(workerCount: workers).run(makeWorker: {}, process: { (_: Void, _: Int) in }, produce: { _ in })
    }
}
