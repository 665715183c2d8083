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

    @Test(.enabled(if: FaultShim.isPossible, "nothing can be preloaded here"))
    func anImageThatChangesBeforeEachReadHasNoResult() throws {
        let image = try fixture.addImage("changing.qed")
        let editor = try ImageEditor(path: RawPath(image))
        let (first, second) = (try editor.readL2(0, of: 0), try editor.readL2(1, of: 0))
        let shim = FaultShim(fixture.tool, on: image, environment: fixture.environment)
        let (check, gate) = try shim.start(["check", image], pausingAt: "pread", 1, isForever: true)
        var read = 1
        while gate.isReached(by: check, at: read) {
            // The second entry of the table refers to the first one's cluster, then to its own again.
            try editor.writeL2(read % 2 == 1 ? first : second, at: 1, of: 0)
            try gate.open(at: read)
            read += 1
        }
        #expect(read > 4)
        #expect(check.waitBlocking() == 1)
        let errors = try check.errors()
        #expect(try check.output() == "")
        #expect(errors.contains("it changed during the check, and again"), "\(errors)")
    }
}
