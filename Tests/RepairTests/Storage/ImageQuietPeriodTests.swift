import Files
import Foundation
import QED
import Repair
import TestSupport
import Testing

struct ImageQuietPeriodTests {
    /// A clock that tests set.
    private final class HandClock: Sendable {
        private let times: Locked<(monotonic: Duration, wall: Duration)>

        init(wall: Duration) { times = Locked((.seconds(1000), wall)) }

        func pass(_ time: Duration) {
            times.withLock {
                $0.monotonic += time
                $0.wall += time
            }
        }

        func setBack(_ time: Duration) { times.withLock { $0.wall -= time } }

        var clock: QuietClock {
            QuietClock(
                monotonic: { self.times.withLock { $0.monotonic } }, wall: { self.times.withLock { $0.wall } })
        }
    }

    private static func changeTime(_ fixture: ImageFixture) -> Duration {
        .nanoseconds(max(fixture.identity.changeTime, fixture.identity.modificationTime))
    }

    private static func window(_ clock: HandClock, _ length: Duration? = .seconds(10)) -> QuietPeriod {
        var options = AccessOptions()
        options.quietPeriod = length
        return QuietPeriod(options: options, clock: clock.clock)
    }

    @Test func aQuietFileIsWaitedForOnceFromTheFirstLook() throws {
        let fixture = try ImageFixture()
        let clock = HandClock(wall: ImageQuietPeriodTests.changeTime(fixture) + .seconds(3600))
        var window = ImageQuietPeriodTests.window(clock)
        #expect(window.remaining() == .zero)
        try window.look(at: fixture.path)
        #expect(window.remaining() == .seconds(10))
        clock.pass(.seconds(4))
        try window.look(at: fixture.path)
        #expect(window.remaining() == .seconds(6))
        #expect(refusal { try window.confirm(fixture.path) }?.test == .settle)
        clock.pass(.seconds(6))
        #expect(window.remaining() == .zero)
        #expect(try window.confirm(fixture.path) == fixture.identity)
    }

    @Test func oneWaitServesAllImages() throws {
        let (first, second) = (try ImageFixture(), try ImageFixture())
        let changed = max(ImageQuietPeriodTests.changeTime(first), ImageQuietPeriodTests.changeTime(second))
        let clock = HandClock(wall: changed + .seconds(3600))
        var window = ImageQuietPeriodTests.window(clock)
        try window.look(at: first.path)
        clock.pass(.seconds(9))
        try window.look(at: second.path)
        #expect(window.remaining() == .seconds(10))
        clock.pass(window.remaining())
        try window.confirm(first.path)
        try window.confirm(second.path)
    }

    @Test func fileThatChangesMeanwhileIsRefused() throws {
        let fixture = try ImageFixture()
        let clock = HandClock(wall: ImageQuietPeriodTests.changeTime(fixture) + .seconds(3600))
        var window = ImageQuietPeriodTests.window(clock)
        try window.look(at: fixture.path)
        clock.pass(.seconds(20))
        // The status alone: libvirt changes the owner when a virtual machine starts.
        chmod(fixture.path.text, 0o640)
        let refused = try #require(refusal { try window.confirm(fixture.path) })
        #expect(refused.test == .settle && refused.message.contains("status"), "\(refused)")
        #expect(unlink(fixture.path.text) == 0)
        #expect(refusal { try window.confirm(fixture.path) }?.test == .settle)
    }

    @Test func changeJustBeforeTheFirstLookIsWaitedOut() throws {
        let fixture = try ImageFixture()
        // The monotonic time passes, and the wall clock is set back meanwhile.
        let clock = HandClock(wall: ImageQuietPeriodTests.changeTime(fixture) + .seconds(3))
        var window = ImageQuietPeriodTests.window(clock)
        try window.look(at: fixture.path)
        clock.pass(.seconds(10))
        clock.setBack(.seconds(8))
        let refused = try #require(refusal { try window.confirm(fixture.path) })
        #expect(refused.message.contains("5.0 seconds ago"), "\(refused)")
        #expect(window.remaining() == .seconds(5))
        clock.pass(.seconds(5))
        try window.confirm(fixture.path)
    }

    @Test func changeInTheFutureIsRefusedAndNotWaitedFor() throws {
        let fixture = try ImageFixture()
        let clock = HandClock(wall: ImageQuietPeriodTests.changeTime(fixture) - .seconds(7200))
        var window = ImageQuietPeriodTests.window(clock)
        try window.look(at: fixture.path)
        #expect(window.remaining() == .seconds(10))
        clock.pass(.seconds(10))
        let refused = try #require(refusal { try window.confirm(fixture.path) })
        #expect(refused.test == .settle)
        #expect(refused.message.contains("future") && refused.advice?.contains("clock") == true)
    }

    @Test(arguments: [-1 << 62, 1 << 40])
    func timesOutOfAllBoundsDoNotTrap(seconds: Int) throws {
        let fixture = try ImageFixture()
        var times = [timeval(tv_sec: seconds, tv_usec: 0), timeval(tv_sec: seconds, tv_usec: 0)]
        _ = utimes(fixture.path.text, &times)
        let clock = HandClock(wall: ImageQuietPeriodTests.changeTime(fixture) + .seconds(3600))
        var window = ImageQuietPeriodTests.window(clock)
        try window.look(at: fixture.path)
        clock.pass(window.remaining())
        let status = try FileStatus(opening: fixture.path).identity
        if status.modificationTime > 1 << 62 {
            #expect(refusal { try window.confirm(fixture.path) }?.test == .settle)
        }
    }

    @Test func imageThatWasNeverLookedAtIsRefused() throws {
        let fixture = try ImageFixture()
        let window = QuietPeriod(options: AccessOptions())
        #expect(refusal { try window.confirm(fixture.path) }?.test == .settle)
        var absent = window
        #expect(refusal { try absent.look(at: RawPath(fixture.directory.file("absent"))) }?.test == .settle)
    }

    @Test func aLocalFileMustBeQuietForTenSeconds() throws {
        let fixture = try ImageFixture()
        let clock = HandClock(wall: ImageQuietPeriodTests.changeTime(fixture) + .seconds(3600))
        var window = ImageQuietPeriodTests.window(clock, nil)
        try window.look(at: fixture.path)
        #expect(window.remaining() == .seconds(10))
    }
}
