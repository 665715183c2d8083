import Foundation
import Glibc
import Lab
import SQLite
import Store
import TestSupport
import Testing

/// A clock that jumps: hours forward or back, before a scan or in the middle of it.
@Suite(.enabled(if: FaultShim.isPossible, "nothing can be preloaded here"), .ownThread, .timeLimit(.minutes(60)))
struct ClockFaultTests {
    static let hour = 3600
    static let day = 24 * 3600

    @Test func resultsOfAWrongClockAreCheckedAgain() async throws {
        let pool = try await FaultPool()
        let shim = pool.shim()
        let store = try pool.newStore(false)
        let arguments = pool.arguments(store, jobs: 0)
        let ahead = try shim.run(arguments, nil, FaultShim.clock(ahead: 2 * ClockFaultTests.day))
        #expect(ahead.status == pool.truthStatus)
        // The clock is right again: results from the day after tomorrow tell nothing of their age.
        for options in [[], ["--max-age", "1h"]] {
            let checked = try checkCount(store)
            let next = try shim.run(arguments + options)
            #expect(next.status == pool.truthStatus, "\(next)")
            #expect(try StoredImage.all(in: store) == pool.truth)
            let fresh = try checkCount(store) - checked
            // New results are reused. The unsupported image is checked each time, and its result is never new.
            #expect(fresh == (options.isEmpty ? 7 : 0), "\(fresh) of \(checked): \(next)")
        }
    }

    @Test(arguments: [-10 * hour, 10 * hour, -400 * day, 400 * day], [1, 4, 12])
    func everyCommandEndsWithTheTrueResult(_ shift: Int, _ look: Int) async throws {
        let pool = try await FaultPool()
        let shim = pool.shim()
        let store = try pool.newStore(true)
        let clock = FaultShim.clock(ahead: shift, from: look)
        let scan = try shim.run(
            [
                "--db", store, "scan", "-j", "2", "--max-age", "1h", "--max-time", "1h", "--wait", "1m",
                pool.fixture.pool,
            ],
            nil, clock)
        #expect(!scan.hung && scan.status == pool.truthStatus, "\(scan)")
        #expect(!scan.output.contains("in -"), "\(scan)")
        #expect(try StoredImage.all(in: store) == pool.truth)
        for command in [
            ["status"], ["status", "--nagios"], ["report", "stale"], ["report", "summary"],
            ["store", "prune", "--keep-days", "30"], ["repair", "--dry-run"], ["store", "verify"],
        ] {
            let run = try shim.run(["--db", store] + command, nil, clock)
            #expect(!run.hung && (0...7).contains(run.status), "\(command): \(run)")
        }
        // Every latest result is kept, however old it is.
        #expect(try StoredImage.all(in: store) == pool.truth)
        let next = try await pool.fixture.run(pool.arguments(store, jobs: 0))
        #expect(next.status == pool.truthStatus, "\(next)")
        #expect(try StoredImage.all(in: store) == pool.truth)
    }

    @Test(arguments: [-10 * hour, 10 * hour]) func anImageThatChangedIsCheckedWhateverTheClockSays(_ shift: Int)
        async throws
    {
        let fixture = try ScanFixture()
        let image = try fixture.addDamaged("a.qed", [])
        try await fixture.ageImages()
        _ = try await fixture.scan()
        try ImageEdit.l2(1, 1, 1 << 40).apply(to: ImageEditor(path: .init(image)))
        // The time of the last change of its contents as before.
        var times = [timespec(tv_sec: 1_700_000_000, tv_nsec: 0), timespec(tv_sec: 1_700_000_000, tv_nsec: 0)]
        utimensat(AT_FDCWD, image, &times, 0)
        let shim = FaultShim(fixture.tool, environment: fixture.environment)
        let scan = try shim.run(["scan", fixture.pool], nil, FaultShim.clock(ahead: shift))
        #expect(scan.status == 4, "\(scan)")
    }

    /// The quiet period is measured by a clock that nobody sets.
    @Test(arguments: [-10 * hour, 10 * hour]) func aRepairDoesNotWaitByTheWallClock(_ shift: Int) async throws {
        let fixture = try ScanFixture()
        try fixture.addDamaged()
        _ = try await fixture.scan()
        let shim = FaultShim(fixture.tool, environment: fixture.environment)
        let run = try shim.run(["repair", "--yes", "--settle", "1s"], nil, FaultShim.clock(ahead: shift))
        // Back by hours the last change lies in the future, which is refused.
        #expect(!run.hung && run.status == (shift > 0 ? 1 | 2 : 4 | 8), "\(run)")
        if shift < 0 { #expect(run.errors.contains("in the future"), "\(run)") }
    }

    private func checkCount(_ store: String) throws -> Int {
        guard
            case .integer(let count) = try Database(path: store, mode: .readWrite).scalar(
                "SELECT count(*) FROM check_result")
        else { return -1 }
        return Int(count)
    }
}
