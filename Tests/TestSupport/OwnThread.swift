import Dispatch
import Testing

/// Runs each test of a suite on its own thread.
///
/// The tests that share the threads of Swift's concurrency wait for each other: where some compute for a minute, the next
/// step of another may be that late. What takes part in a race, or looks at another program while that runs, must not be.
public struct OwnThread: SuiteTrait, TestTrait, TestScoping {
    public var isRecursive: Bool { true }

    public func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        try await withTaskExecutorPreference(Executor()) { try await function() }
    }

    private final class Executor: TaskExecutor {
        private let queue = DispatchQueue(label: "OwnThread")

        func enqueue(_ job: consuming ExecutorJob) {
            let job = UnownedJob(job)
            queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
        }
    }
}

extension Trait where Self == OwnThread {
    public static var ownThread: OwnThread { OwnThread() }
}
