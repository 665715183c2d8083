import Dispatch
import Files
import Foundation
import QED
import Repair
import Synchronization
import TestSupport
import Testing

/// Exclusive use against the programs that hold images.
@Suite(.ownThread, .enabled(if: Peer.isInstalled, "qemu-utils is not installed"))
struct ExclusiveUseTests {
    @Test(arguments: [false, true])
    func imageThatQEMUHasOpenIsRefused(isReadOnly: Bool) async throws {
        let image = try await HeldImage()
        let holder = try await QEMUHolder(opening: image.path, readOnly: isReadOnly)
        let refused = try #require(image.refusal())
        #expect(refused.test == .locks)
        #expect(refused.message.contains(isReadOnly ? "QEMU reader" : "QEMU writer"), "\(refused)")
        holder.close()
        #expect(try await eventually { image.refusal() == nil })
    }

    @Test(arguments: [false, true])
    func imageOfANetworkServerIsRefused(isReadOnly: Bool) async throws {
        let image = try await HeldImage()
        let socket = image.bench.directory.file("nbd")
        let arguments = ["-t", "-f", "qed", "-k", socket] + (isReadOnly ? ["-r"] : []) + [image.path]
        let server = try #require(Peer.nbd).start(arguments)
        // The socket is there before the image is open. To look only reads.
        #expect(try await eventually { try ImageFile(path: RawPath(image.path)).testUse() != .free })
        let refused = try #require(image.refusal())
        #expect(refused.test == .locks)
        #expect(refused.message.contains(isReadOnly ? "QEMU reader" : "QEMU writer"), "\(refused)")
        server.stop()
    }

    @Test func programThatOnlyHasItOpenIsRefused() async throws {
        let image = try await HeldImage()
        let shell = try #require(Tool("sh")).start(["-c", "exec 3<\"$0\"; echo open; exec cat", image.path])
        #expect(try await eventually { try shell.output().contains("open") })
        #expect(image.refusal()?.test == .lease)
        shell.stop()
        #expect(try await eventually { image.refusal() == nil })
    }

    /// As libvirt's lock daemon does: a lock of the process, on byte 0.
    @Test(.enabled(if: Tool("python3") != nil, "python3 is not installed"))
    func processLockOnTheFirstByteIsRefused() async throws {
        let image = try await HeldImage()
        let script = """
            import fcntl, sys
            file = open(sys.argv[1], 'r+b')
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, 0)
            print('locked', flush=True)
            sys.stdin.read()
            """
        let python = try #require(Tool("python3")).start(["-c", script, image.path])
        #expect(try await eventually { try python.output().contains("locked") })
        let refused = try #require(image.refusal())
        #expect(refused.test == .locks && refused.message.contains("libvirt"), "\(refused)")
        python.stop()
    }

    @Test func noQEMUOpensAnImageThatWeHold() async throws {
        let image = try await HeldImage()
        let held = try #require(try await image.takeWhenFree())
        let runs = try await image.bench.run(
            ["qemu-io", "-c", "write 0 512", image.path], ["qemu-io", "-r", "-c", "read 0 512", image.path],
            ["timeout", "5", "qemu-nbd", "-t", "-f", "qed", "-k", image.bench.directory.file("nbd"), image.path],
            ["qemu-img", "check", "-r", "all", image.path])
        for run in runs {
            #expect(run.status == 1, "\(run)")
            #expect(run.errors.contains("lock"), "\(run)")
        }
        // It may refuse or answer, but does not wait: 124 is what timeout(1) gives.
        let info = try await image.bench.run(
            ["timeout", "5", "qemu-img", "info", image.path], ["timeout", "5", "qemu-img", "info", "-U", image.path])
        #expect(info[0].status != 124 && info[1].status == 0, "\(info)")
        try held.confirmExclusiveUse()
    }

    /// Each side writes its own mark to the same bytes, waits, and reads it back: whoever finds another mark was not
    /// alone. QEMU's side ends after its rounds, and not before ours had the image as often as a machine under load allows.
    @Test func twoHundredRoundsAgainstAWriterNeverOverlap() async throws {
        let image = try await HeldImage()
        let offset = try await image.dataOffset()
        let io = try #require(Peer.io)
        let rounds = 200
        let enough = image.bench.directory.file("enough")
        // Of QEMU's sessions some fail to open the image: that is the point.
        let session = """
            exec 2>&1; i=0; while [ $i -lt \(rounds) ] || ! [ -e "\(enough)" ]; do i=$((i+1)); \
            "\(io.path)" -c "write -P $((i % 100 + 1)) 0 512" -c "sleep 2" -c "read -P $((i % 100 + 1)) 0 512" "$0"; \
            done; echo "rounds of QEMU: $i"
            """
        let shell = try #require(Tool("sh"))
        let end = End()
        async let ours = image.takeAgainAndAgain(markingAt: offset, enough: enough, until: end)
        let output = try await shell.run(["-c", session, image.path]).output
        end.isReached.store(true, ordering: .relaxed)
        let count = try await ours
        let sessions = output.components(separatedBy: "read 512/512 bytes").count - 1
        let locked = output.components(separatedBy: "Failed to get").count - 1
        #expect(!output.contains("Pattern verification failed"))
        #expect(count.overwritten == 0)
        #expect(output.hasSuffix("rounds of QEMU: \(sessions + locked)\n"), "\(output.suffix(1000))")
        #expect(sessions + locked >= rounds)
        #expect(sessions > 5 && locked > 5 && count.taken > 5, "\(sessions), \(locked), \(count)")
        let check = try await image.bench.checkWithQEMU()
        print("rounds: \(sessions) by QEMU, \(locked) refused to QEMU; \(count); \(check)")
    }
}

/// Set when the other side has done its rounds.
private final class End: Sendable {
    let isReached = Atomic<Bool>(false)
}

/// An image with its first cluster written, and what it was when made.
private struct HeldImage: Sendable {
    struct Count {
        var taken = 0
        var refused = 0
        var overwritten = 0
    }

    let bench: Bench
    var path: String { bench.path }

    init() async throws {
        bench = try Bench()
        try await bench.run(
            ["qemu-img", "create", "-q", "-f", "qed", bench.path, "64M"],
            ["qemu-io", "-c", "write -P 5 0 64k", bench.path])
    }

    func take() throws -> WritableImage {
        let identity = try FileStatus(opening: RawPath(path)).identity
        return try ExclusiveUse.take(RawPath(path), expecting: .same(identity), options: AccessOptions())
    }

    /// Takes it as soon as nobody has it. A program that another test starts has a copy of our descriptors, and so our
    /// locks, until it has replaced itself.
    func takeWhenFree() async throws -> WritableImage? {
        var taken: WritableImage?
        _ = try await eventually {
            do {
                taken = try take()
                return true
            } catch RepairFailure.refused {
                return false
            }
        }
        return taken
    }

    /// Why it cannot be had, nil if it can.
    func refusal() -> Refusal? {
        do {
            _ = try take()
        } catch RepairFailure.refused(let refusal) {
            return refusal
        } catch {
            Issue.record("\(error)")
        }
        return nil
    }

    /// Where the file has the first guest bytes.
    func dataOffset() async throws -> UInt64 {
        struct Extent: Decodable { let start: Int, offset: UInt64? }
        let runs = try await bench.run(["qemu-img", "map", "--output=json", path])
        let extents = try JSONDecoder().decode([Extent].self, from: Data(runs[0].output.utf8))
        return try #require(extents.first { $0.start == 0 }?.offset)
    }

    /// Takes the image until told to end, and counts how often a mark did not stay. Makes the file `enough` when it has
    /// had the image ten times. On its own thread: it does not wait for other tests.
    func takeAgainAndAgain(markingAt offset: UInt64, enough: String, until end: End) async throws -> Count {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue(label: "HeldImage").async {
                continuation.resume(with: Result { try takeInTurn(offset, enough, end) })
            }
        }
    }

    private func takeInTurn(_ offset: UInt64, _ enough: String, _ end: End) throws -> Count {
        var count = Count()
        var mark: UInt8 = 0
        var pause: UInt32 = 0
        while !end.isReached.load(ordering: .relaxed) {
            do {
                let image = try take()
                mark = mark < 50 ? mark + 1 : 1
                let bytes = [UInt8](repeating: 200 + mark, count: 512)
                try bytes.withUnsafeBytes { try image.write($0, at: ByteOffset(offset)) }
                usleep(2000)
                if try image.bytes(at: ByteOffset(offset), count: 512) != bytes { count.overwritten += 1 }
                count.taken += 1
                if count.taken == 10 { try Data().write(to: URL(filePath: enough)) }
                withExtendedLifetime(image) {}
            } catch RepairFailure.refused {
                count.refused += 1
            }
            // Of no fixed pace, so that it meets the other side at every point.
            pause = (pause * 5 + 3) % 16
            usleep(pause * 1000)
        }
        return count
    }
}
