import Foundation
import Glibc
import Lab
import SQLite
import Store
import TestSupport
import Testing

/// Stores that are damaged, full, read-only or left by a writer that was killed.
@Suite(.enabled(if: FaultShim.isPossible, "nothing can be preloaded here"), .ownThread, .timeLimit(.minutes(60)))
struct StoreFaultTests {
    @Test func aWriterKilledAtAnyWriteLosesNothingThatWasThere() async throws {
        let pool = try await FaultPool()
        let shim = pool.shim(on: pool.fixture.directory.file("fault.db"))
        try pool.fixture.addImage("new.qed")
        let counts = try shim.run(pool.arguments(try pool.newStore(true), jobs: 0)).counts
        let kills = ["pwrite", "fdatasync", "ftruncate", "unlink", "close"].flatMap { call in
            (1...max(counts[call] ?? 0, 1)).map { Fault(call, $0, .kill) }
        }
        var choice = CaseChoice()
        for fault in choice.choose(12, of: kills) {
            let store = try pool.newStore(true)
            let run = try shim.run(pool.arguments(store, jobs: 0), fault)
            #expect(run.status == -SIGKILL, "\(fault): \(run)")
            let database = try Database(path: store, mode: .readWrite)
            #expect(try database.scalar("PRAGMA integrity_check") == .text("ok"), "\(fault)")
            var images = try StoredImage.all(in: store)
            images["\(pool.fixture.pool)/new.qed"] = nil
            #expect(images == pool.truth, "\(fault)")
            try database.close()
            let next = try await pool.fixture.run(pool.arguments(store, jobs: 0))
            #expect(next.status == pool.truthStatus, "\(fault), then \(next)")
            #expect(try StoredImage.all(in: store).count == 9, "\(fault)")
        }
    }

    /// As after the file system was remounted because of an error.
    @Test func aStoreThatBecomesReadOnlyIsReportedAndKept() async throws {
        let pool = try await FaultPool()
        let shim = pool.shim(on: pool.fixture.directory.file("fault.db"))
        let arguments = ["scan", "--full", "-j", "2", pool.fixture.pool]
        let counts = try shim.run(["--db", try pool.newStore(true)] + arguments).counts
        let points = ["pwrite", "ftruncate", "fdatasync", "open"].flatMap { call in
            (1...max(counts[call] ?? 0, 1)).map { Fault(call, $0, isForever: true, .error(EROFS)) }
        }
        var choice = CaseChoice()
        for fault in choice.choose(12, of: points) {
            let store = try pool.newStore(true)
            let run = try shim.run(["--db", store] + arguments, fault)
            #expect(!run.hung && (0...63).contains(run.status), "\(fault): \(run)")
            #expect(run.status & 8 != 0)
            #expect(try StoredImage.all(in: store) == pool.truth, "\(fault): \(run)")
        }
    }

    enum Damage: String, CaseIterable { case zeros, noise, flippedBits, cut }

    @Test(arguments: Damage.allCases) func aDamagedPageIsAnErrorAndNoCrash(_ damage: Damage) async throws {
        let pool = try await FaultPool()
        let whole = try Data(contentsOf: URL(filePath: pool.settledStore))
        let pageSize = 4096
        var random = SeededRandom(seed: Seed.next())
        var choice = CaseChoice(damage.rawValue)
        let commands = [
            ["store", "verify"], ["report", "damaged"], ["query", "SELECT * FROM image_history"], ["status"],
            ["show", "\(pool.fixture.pool)/corrupt.qed"], ["scan", "-j", "0", pool.fixture.pool], ["repair", "--list"],
        ]
        for (index, page) in choice.choose(7, of: Array(0..<(whole.count / pageSize))).enumerated() {
            var bytes = whole
            let range = page * pageSize..<(page + 1) * pageSize
            switch damage {
            case .zeros: bytes.replaceSubrange(range, with: Data(count: pageSize))
            case .noise:
                bytes.replaceSubrange(range, with: range.map { _ in UInt8.random(in: 0...255, using: &random) })
            case .flippedBits:
                for _ in 0..<8 {
                    bytes[Int.random(in: range, using: &random)] ^= 1 << UInt8.random(in: 0...7, using: &random)
                }
            case .cut: bytes = bytes.prefix(range.lowerBound)
            }
            let chosen = CaseChoice.takesAll ? commands : [commands[0], commands[1 + index % (commands.count - 1)]]
            for command in chosen {
                let store = try pool.newStore(false)
                try bytes.write(to: URL(filePath: store))
                let isSound = isSound(store)
                let run = try pool.shim().run(["--db", store] + command)
                let story: Comment = "\(damage) of page \(page): \(run)"
                #expect(!run.hung && (0...63).contains(run.status), story)
                if run.status & 8 != 0 { #expect(!(run.errors + run.output).isEmpty, story) }
                if !isSound, command == commands[0] { #expect(run.status & 8 != 0, "not found: \(story)") }
            }
        }
    }

    private func isSound(_ store: String) -> Bool {
        do {
            return try Database(path: store, mode: .readWrite).scalar("PRAGMA integrity_check") == .text("ok")
        } catch {
            return false
        }
    }

    @Test func aDamagedLogLosesAtMostWhatIsInIt() async throws {
        let pool = try await FaultPool()
        let seed = Seed.next()
        var random = SeededRandom(seed: seed)
        let store = try pool.newStore(true)
        try pool.fixture.addImage("new.qed")
        let shim = pool.shim(on: store)
        let count = try #require(try shim.run(pool.arguments(store, jobs: 0)).counts["pwrite"])
        // Killed while there is a log with results in it that are not in the database yet.
        var sound = Data()
        for tenths in stride(from: 9, to: 0, by: -1) where sound.count < 32768 {
            let fault = Fault("pwrite", count * tenths / 10, .kill)
            #expect(try shim.run(pool.arguments(try pool.newStore(true), jobs: 0), fault).status == -SIGKILL)
            if FileManager.default.fileExists(atPath: store + "-wal") {
                sound = try Data(contentsOf: URL(filePath: store + "-wal"))
            }
        }
        try #require(sound.count >= 32768)
        let database = try Data(contentsOf: URL(filePath: store))
        for round in 0..<(CaseChoice.takesAll ? 60 : 8) {
            var bytes = sound
            switch round % 4 {
            case 0: bytes = bytes.prefix(Int.random(in: 0...sound.count, using: &random))
            case 1: bytes[Int.random(in: 16..<24, using: &random)] ^= 0xFF  // the salt
            case 2:
                for _ in 0..<4 { bytes[Int.random(in: bytes.indices, using: &random)] ^= 0x10 }
            default: bytes.append(contentsOf: (0..<5000).map { _ in UInt8.random(in: 0...255, using: &random) })
            }
            for suffix in ["-shm", "-journal"] { unlink(store + suffix) }
            try database.write(to: URL(filePath: store))
            try bytes.write(to: URL(filePath: store + "-wal"))
            let report = try pool.shim().run(["--db", store, "store", "verify"])
            #expect((0...63).contains(report.status) && !report.hung, "seed \(seed), round \(round): \(report)")
            let next = try await pool.fixture.run(pool.arguments(store, jobs: 0))
            #expect(next.status == pool.truthStatus, "seed \(seed), round \(round): \(next)")
            var images = try StoredImage.all(in: store)
            images["\(pool.fixture.pool)/new.qed"] = nil
            #expect(images == pool.truth, "seed \(seed), round \(round)")
        }
    }

    @Test(.enabled(if: MountedFileSystem.isAvailable, "needs to mount a small file system"))
    func aFullDiskAtAnyStageIsReportedAndLosesNothing() async throws {
        let pool = try await FaultPool()
        var choice = CaseChoice()
        let sizes = [4, 8, 16, 40, 100, 200, 280, 300, 320, 340, 360, 400, 440, 480, 520, 560, 600, 700, 900, 1500]
        var outcomes: Set<Bool> = []
        for size in choice.choose(8, of: sizes) + [4, 8000] {
            let disk = try MountedFileSystem(size: "\(size)k")
            let store = disk.directory.file("store.db")
            let run = try pool.shim().run(pool.arguments(store, jobs: 2))
            let story: Comment = "\(size) KiB: \(run)"
            let isDone = run.status == pool.truthStatus && run.output.contains("8 images")
            outcomes.insert(isDone)
            #expect(!run.hung && (isDone || run.status == 8), story)
            if !isDone { #expect(run.errors.contains("full") || run.errors.contains("No space"), story) }
            try #require(mount("none", disk.directory.path, "tmpfs", UInt(MS_REMOUNT), "size=8m") == 0)
            let next = try await pool.fixture.run(pool.arguments(store, jobs: 2))
            #expect(next.status == pool.truthStatus, "\(story), then \(next)")
            #expect(try StoredImage.all(in: store) == pool.truth, story)
        }
        #expect(outcomes == [true, false])
    }
}
