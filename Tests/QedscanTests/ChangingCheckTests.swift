import Files
import Foundation
import Glibc
import Lab
import QED
import TestSupport
import Testing

/// `check` of an image that a program without locks writes.
@Suite(.ownThread, .endsInTime) struct ChangingCheckTests {
    private let fixture: ScanFixture

    init() throws { fixture = try ScanFixture() }

    @Test func anImageThatChangesAllTheTimeHasNoResult() async throws {
        nonisolated(unsafe) let editor = try ImageEditor(path: RawPath(try fixture.addImage("slow.qed")))
        guard let check = try fixture.startSlowly(["check", "\(fixture.pool)/slow.qed"], readMilliseconds: 300) else {
            print("skipped: there is no strace")
            return
        }
        // On a thread of its own: other tests may hold up the tasks for seconds.
        let writer = Thread {
            do {
                // The second cluster of the table is now the first one's, now its own.
                let (first, second) = (try editor.readL2(0, of: 0), try editor.readL2(1, of: 0))
                while !Thread.current.isCancelled {
                    try editor.writeL2(first, at: 1, of: 0)
                    try editor.writeL2(second, at: 1, of: 0)
                    usleep(1000)
                }
            } catch {
                Issue.record(error)
            }
        }
        writer.start()
        let status = await check.wait()
        writer.cancel()
        #expect(status == 1)
        let errors = try check.errors()
        #expect(try check.output() == "")
        #expect(errors.contains("it changed during the check, twice"), "\(errors)")
    }
}
