import Foundation
import Glibc
import Store
import TestSupport
import Testing

/// Scans in which one call fails, or all from one on: the n-th of each kind, of the pool's and of the store's.
@Suite(.enabled(if: FaultShim.isPossible, "nothing can be preloaded here"), .ownThread, .timeLimit(.minutes(60)))
struct ScanFaultTests {
    static let errors = [EIO, ESTALE, EACCES, ENOENT, EINTR, ENOSPC, EMFILE, ENOMEM]
    /// The calls that can do only a part.
    static let partial: Set<String> = ["read", "pread", "write", "pwrite"]

    /// Every call that a run makes below a path, with every fault that fits it.
    static func faults(_ counts: [String: Int], ofStore: Bool = true) -> [Fault] {
        counts.sorted { $0.key < $1.key }.flatMap { call, count in
            (count == 0 ? 0..<0 : 1..<(count + 1)).flatMap { number in
                [false, true].flatMap { isForever in
                    errors.filter { !(ofStore && isForever && isEndless(call, $0)) }
                        .map { Fault(call, number, isForever: isForever, .error($0)) }
                        + (partial.contains(call) ? [Fault(call, number, isForever: isForever, .short)] : [])
                }
            }
        }
    }

    /// SQLite tries what is interrupted again without end, and takes a lock that fails for one that others have: each
    /// of its statements then waits as long as that may take.
    private static func isEndless(_ call: String, _ code: Int32) -> Bool {
        let calls = ["open", "pread", "pwrite", "write", "read", "ftruncate"]
        return call == "fcntl" || code == EINTR && calls.contains(call)
    }

    enum Part: String, CaseIterable { case pool, store }

    @Test(arguments: Part.allCases, [false, true])
    func aFailedCallNeverGivesAWrongResult(_ part: Part, _ isSettled: Bool) async throws {
        let pool = try await FaultPool()
        let shim = pool.shim(on: part == .pool ? pool.fixture.pool : pool.fixture.directory.file("fault.db"))
        let counts = try shim.run(pool.arguments(try pool.newStore(isSettled), jobs: 0)).counts
        #expect(try StoredImage.all(in: pool.fixture.directory.file("fault.db")) == pool.truth)
        var choice = CaseChoice()
        let all = ScanFaultTests.faults(counts, ofStore: part == .store)
        let chosen = choice.choose(isSettled ? 40 : 70, of: all)
        var fired = 0
        for (index, fault) in chosen.enumerated() {
            let store = try pool.newStore(isSettled)
            let run = try shim.run(pool.arguments(store, jobs: index % 4 == 3 ? 4 : 0), fault)
            fired += run.fired == nil ? 0 : 1
            let verdict = try ScanVerdict(pool, fault, run, store: store, isSettled: isSettled)
            #expect(verdict.faults.isEmpty, "\(fault): \(run)")
            // One in three, since it costs as much again.
            if index % 3 == 0 || !verdict.faults.isEmpty {
                try await expectNextScanIsTrue(pool, store, "\(fault): \(run)")
            }
        }
        print("\(part), settled \(isSettled): \(chosen.count) of \(all.count) faults, \(fired) fired")
        #expect(fired * 10 >= chosen.count * 8, "calls differ from run to run, but not so much")
    }

    /// No call on an open file says that it is gone, and no signal comes for ever.
    @Test(arguments: [
        Fault("fcntl", 1, isForever: true, .error(ENOENT)), Fault("pread", 1, isForever: true, .error(ENOENT)),
        Fault("statx", 1, isForever: true, .error(ENOENT)), Fault("pread", 1, isForever: true, .error(EINTR)),
        Fault("fstat", 2, isForever: true, .error(ENOENT)), Fault("openat", 2, isForever: true, .error(EINTR)),
        Fault("getdents", 1, isForever: true, .error(EINTR)),
    ])
    func impossibleErrorsAndEndlessSignalsAreReported(_ fault: Fault) async throws {
        let pool = try await FaultPool()
        let run = try pool.shim(on: pool.fixture.pool).run(pool.arguments(try pool.newStore(false), jobs: 2), fault)
        #expect(run.fired != nil && !run.hung && run.status & 8 != 0, "\(run)")
        guard case .error(let code) = fault.action else { return }
        let stored = try StoredImage.all(in: pool.fixture.directory.file("fault.db"))
        let reason = String(cString: strerror(code))
        #expect(run.errors.contains(reason) || stored.values.contains { $0.message.contains(reason) }, "\(run)")
        #expect(stored.allSatisfy { !$0.value.isKnown || $0.value == pool.truth[$0.key] }, "\(stored)")
    }

    /// Signals and some file systems make reads and writes end early.
    @Test(arguments: ["read", "pread", "write", "pwrite"], [false, true])
    func shortReadsAndWritesAreCompleted(_ call: String, _ isSettled: Bool) async throws {
        let pool = try await FaultPool()
        let fault = Fault(call, 1, isForever: true, .short)
        let store = try pool.newStore(isSettled)
        let run = try pool.shim(on: pool.fixture.pool).run(pool.arguments(store, jobs: 2), fault)
        #expect(run.status == pool.truthStatus, "\(run)")
        #expect(try StoredImage.all(in: store) == pool.truth, "\(run)")
    }

    private func expectNextScanIsTrue(_ pool: FaultPool, _ store: String, _ story: String) async throws {
        let next = try await pool.fixture.run(pool.arguments(store, jobs: 4))
        #expect(next.status == pool.truthStatus, "\(story), then \(next)")
        var images = try StoredImage.all(in: store)
        // A name that could not be read left a hard link its other name, which now is the image's no longer.
        let twin = "\(pool.fixture.pool)/sub/twin.qed"
        if images[twin]?.isPresent == false { images[twin] = nil }
        #expect(images == pool.truth, "\(story), then \(next)")
    }
}
