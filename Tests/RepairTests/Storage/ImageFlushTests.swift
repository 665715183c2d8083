import Files
import Glibc
import QED
import Testing

@testable import Repair

struct ImageFlushTests {
    /// A call that gives one result after the other, 0 or the errno of a failure, and counts.
    private final class Script {
        private var results: [Int32]
        private(set) var calls = 0

        init(_ results: Int32...) { self.results = results }

        func next() -> Int32 {
            calls += 1
            errno = results.removeFirst()
            return errno == 0 ? 0 : -1
        }
    }

    @Test func failureIsFinalThoughTheKernelTellsItOnce() {
        let script = Script(0, EIO, 0)
        var flush = Flush()
        #expect(throws: Never.self) { try flush.run("fsync", script.next) }
        #expect(throws: SystemError("fdatasync", code: EIO)) { try flush.run("fdatasync", script.next) }
        #expect(throws: SystemError("fdatasync", code: EIO)) { try flush.run("fsync", script.next) }
        #expect(script.calls == 2)
    }

    @Test func interruptionIsNoFailure() {
        let script = Script(EINTR, EINTR, 0)
        var flush = Flush()
        #expect(throws: Never.self) { try flush.run("fsync", script.next) }
        #expect(script.calls == 3)
    }
}
