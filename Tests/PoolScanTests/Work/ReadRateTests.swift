import Files
import Foundation
import Glibc
import Lab
import QED
import Testing

@testable import PoolScan

/// How fast a scan may read.
@Suite(.timeLimit(.minutes(10))) struct ReadRateTests {
    /// A clock that advances only by waiting.
    private final class FakeClock: Sendable {
        let time = Locked<UInt64>(1_000_000_000_000)
        private let onSleep: @Sendable () -> Void

        init(onSleep: @escaping @Sendable () -> Void = {}) { self.onSleep = onSleep }

        var now: UInt64 { time.withLock { $0 } }

        var clock: PaceClock {
            PaceClock {
                self.now
            } sleep: { nanoseconds in
                self.onSleep()
                self.time.withLock { $0 += nanoseconds }
            }
        }
    }

    /// Whether no more was read since a moment than the rate allows for that time and a tenth of a second.
    private func isWithin(_ bytes: UInt64, rate: UInt64, since start: UInt64, until end: UInt64) -> Bool {
        Double(bytes) <= Double(rate) * (Double(end - start) / 1e9 + 0.1) + 0.001
    }

    @Test(arguments: [1, 1000, 999_999_937, UInt64.max]) func noPeriodReadsMoreThanTheRateAllows(rate: UInt64) {
        let seed = UInt64(rate % 97)
        var random = SeededRandom(seed: seed)
        let clock = FakeClock()
        let rate = ReadRate(bytesPerSecond: rate, clock: clock.clock)
        let bytesPerSecond = rate.bytesPerSecond
        var reads: [(time: UInt64, bytes: UInt64)] = []
        for _ in 0..<300 {
            // Now and then nobody reads.
            if UInt64.random(in: 0..<4, using: &random) == 0 {
                clock.time.withLock { $0 += UInt64.random(in: 0..<2_000_000_000, using: &random) }
            }
            let bytes = UInt64.random(in: 0...min(bytesPerSecond, 1 << 40), using: &random)
            let before = clock.now
            let waited = rate.take(bytes, Cancellation())
            #expect(clock.now - before == waited)
            reads.append((clock.now, bytes))
        }
        for first in reads.indices.dropFirst() {
            var sum: UInt64 = 0
            let isKept = reads[first...].allSatisfy { read in
                sum += read.bytes
                return isWithin(sum, rate: bytesPerSecond, since: reads[first - 1].time, until: read.time)
            }
            #expect(isKept)
        }
    }

    @Test func allWorkersTogetherKeepTheRate() {
        let clock = FakeClock()
        let rate = ReadRate(bytesPerSecond: 10_000, clock: clock.clock)
        let start = clock.now
        let sum = Locked<UInt64>(0)
        DispatchQueue.concurrentPerform(iterations: 8) { _ in
            for _ in 0..<50 {
                _ = rate.take(700, Cancellation())
                let read = sum.withLock { sum in
                    sum += 700
                    return sum
                }
                #expect(isWithin(read, rate: 10_000, since: start, until: clock.now))
            }
        }
        // 28 s, but for what may come at once.
        #expect(clock.now - start >= 27_900_000_000)
    }

    @Test func aSlowReaderNeverWaits() {
        let clock = FakeClock()
        let rate = ReadRate(bytesPerSecond: 1000, clock: clock.clock)
        for _ in 0..<100 {
            clock.time.withLock { $0 += 1_000_000_000 }
            #expect(rate.take(100, Cancellation()) == 0, "a tenth of a second's bytes at once")
        }
    }

    @Test func aCancellationEndsTheWait() {
        let cancellation = Cancellation()
        let sleeps = Locked(0)
        let clock = FakeClock {
            let count = sleeps.withLock { count in
                count += 1
                return count
            }
            if count == 3 { cancellation.cancel() }
        }
        let rate = ReadRate(bytesPerSecond: 1, clock: clock.clock)
        #expect(rate.take(.max, cancellation) < 1_000_000_000)
        #expect(sleeps.withLock { $0 } == 3)
        #expect(rate.take(.max, Cancellation.cancelled) == 0)
    }

    @Test(arguments: [0, 4]) func aScanTakesAsLongAsTheRateSaysAndFindsTheSame(workers: Int) throws {
        let pool = try Pool()
        for number in 0..<6 { try pool.addImage("\(number)", defect: number % 2 == 0 ? .clusterLeaked : nil) }
        let free = ScanRun([pool.root])
        let clock = FakeClock()
        let start = clock.now
        let run = ScanRun([pool.root]) {
            $0.workerCount = workers
            // Some hundred hours by that clock: waiting does not count against the time that an image may take.
            $0.readRate = ReadRate(bytesPerSecond: 1, clock: clock.clock)
        }
        #expect(run.facts == free.facts)
        #expect(run.progress.bytesRead == free.progress.bytesRead)
        #expect(run.progress.bytesRead > 0)
        #expect(isWithin(run.progress.bytesRead, rate: 1, since: start, until: clock.now))
    }

    @Test func theImagesBeingCheckedAreKnown() throws {
        let pool = try Pool()
        let images = try ["a", "b"].map { try pool.addImage($0) }
        let progress = ProgressCounter()
        let seen = Locked<Set<RawPath>>([])
        let clock = FakeClock {
            let current = progress.currentImages
            seen.withLock { $0.formUnion(current.map(\.path)) }
            #expect(current.count == 1, "one after the other")
            #expect(current.allSatisfy { $0.since > 1_600_000_000_000_000_000 })
        }
        var configuration = ScanConfiguration(roots: [pool.root])
        configuration.workerCount = 0
        configuration.readRate = ReadRate(bytesPerSecond: 1000, clock: clock.clock)
        _ = Scanner(configuration: configuration, progress: progress) { _ in }.run()
        #expect(seen.withLock { $0 } == Set(images))
        #expect(progress.currentImages.isEmpty)
        #expect((progress.images, progress.reused) == (2, 0))
    }
}

extension Cancellation {
    fileprivate static var cancelled: Cancellation {
        let cancellation = Cancellation()
        cancellation.cancel()
        return cancellation
    }
}
