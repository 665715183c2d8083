import Foundation
import Glibc
import Lab
import TestSupport
import Testing

/// A process that may have few files, threads or memory, or no standard streams: an error, and no crash.
@Suite(.ownThread, .timeLimit(.minutes(60))) struct ProcessLimitTests {
    private let fixture: ScanFixture
    private let shell: Tool

    init() throws {
        fixture = try ScanFixture()
        try fixture.addDamaged("a.qed", [.l2(0, 2, 3 * 4096)])
        shell = try #require(Tool("sh"))
    }

    /// Runs the program from a script, in which `"$@"` is it.
    private func run(_ script: String, _ arguments: String...) async throws -> Tool.Result {
        try await shell.run(["-c", script, "sh", fixture.tool.path] + arguments, environment: fixture.environment)
    }

    @Test func tooFewFilesAreAnError() async throws {
        var hasScanned = false
        for limit in [4, 5, 6, 8, 11, 15, 20, 26, 27, 28, 29, 32, 40] {
            let scan = try await run("ulimit -n \(limit); exec \"$@\"", "scan", fixture.pool)
            let isRefused = scan.status == 8 && scan.errors.contains("files")
            #expect(isRefused || scan.status == 4, "\(limit): \(scan)")
            hasScanned = hasScanned || scan.status == 4
        }
        #expect(hasScanned)
        for (command, status) in [("check", 1), ("report", 8), ("repair", 8)] as [(String, Int32)] {
            let operands = ["check": ["\(fixture.pool)/a.qed"], "report": ["summary"], "repair": ["--yes"]]
            let result = try await shell.run(
                ["-c", "ulimit -n 5; exec \"$@\"", "sh", fixture.tool.path, command] + (operands[command] ?? []),
                environment: fixture.environment)
            #expect(result.status == status && result.errors.contains("Too many open files"), "\(command): \(result)")
        }
    }

    /// Dispatch waits for ever for a thread that it does not get.
    @Test(.enabled(if: FaultShim.isPossible, "nothing can be preloaded here"), arguments: [1, 2, 9])
    func withoutThreadsAScanFailsAndDoesNotHang(_ number: Int) async throws {
        let shim = FaultShim(fixture.tool, environment: fixture.environment)
        for command in [["scan", fixture.pool], ["repair", "--yes"]] where command[0] == "scan" || number < 9 {
            let run = try shim.run(command, Fault("pthread_create", number, isForever: true, .error(EAGAIN)))
            #expect(!run.hung && run.status == 8 && run.errors.contains("threads"), "\(run)")
        }
    }

    @Test func outputToAClosedStreamGoesNowhereElse() async throws {
        _ = try await fixture.scan()
        let image = "\(fixture.pool)/a.qed"
        let damaged = try Data(contentsOf: URL(filePath: image))
        #expect(try await fixture.repair().status == 1 | 2)
        let repaired = try Data(contentsOf: URL(filePath: image))
        #expect(try await fixture.undo("1").status == 1 | 4)
        for (index, streams) in ["<&-", ">&-", "2>&-", "<&- >&-", ">&- 2>&-", "<&- >&- 2>&-"].enumerated() {
            let isSilent = streams.contains(" >&-") || streams.hasPrefix(">&-")
            let repair = try await run("exec \"$@\" \(streams)", "repair", "--yes", "--settle", "0s")
            #expect(repair.status == (isSilent ? 8 | 1 | 2 : 1 | 2), "\(streams): \(repair)")
            #expect(try Data(contentsOf: URL(filePath: image)) == repaired, "\(streams)")
            let undo = try await run("exec \"$@\" \(streams)", "undo", "--yes", "--settle", "0s", String(3 + 2 * index))
            #expect(undo.status == (isSilent ? 8 | 1 | 4 : 1 | 4), "\(streams): \(undo)")
            #expect(try Data(contentsOf: URL(filePath: image)) == damaged, "\(streams)")
            let scan = try await run("exec \"$@\" \(streams)", "scan", "--full", fixture.pool)
            #expect(scan.status == (isSilent ? 8 | 4 : 4), "\(streams): \(scan)")
            let check = try await run("exec \"$@\" \(streams)", "check", image)
            #expect(check.status == (isSilent ? 1 : 2), "\(streams): \(check)")
        }
        #expect(try fixture.value("PRAGMA integrity_check") == .text("ok"))
        #expect(try Data(contentsOf: URL(filePath: fixture.store + ".lock")).isEmpty)
    }

    @Test func aFullOutputIsAnError() async throws {
        let scan = try await run("exec \"$@\" > /dev/full", "scan", fixture.pool)
        #expect(scan.status == 4 | 8 && scan.errors.contains("standard output: No space left"), "\(scan)")
        let check = try await run("exec \"$@\" > /dev/full", "check", "\(fixture.pool)/a.qed")
        #expect(check.status == 1, "\(check)")
        let both = try await run("exec \"$@\" > /dev/full 2>&1", "report", "damaged")
        #expect(both.status == 8, "\(both)")
    }
}
