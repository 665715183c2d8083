import Files
import Foundation
import Lab
import QED
import SQLite
import Store
import TestSupport
import Testing

/// Repairs whose calls fail.
@Suite(.enabled(if: Strace.isPossible, "strace cannot trace here"), .endsInTime)
struct RepairFaultTests {
    private let fixture: ScanFixture
    private let image: String
    private let damaged: Data
    private let repaired: Data

    init() async throws {
        fixture = try ScanFixture()
        image = try fixture.addDamaged()
        damaged = try fixture.directory.contents("pool/disk.qed")
        _ = try await fixture.scan()
        #expect(try await fixture.repair().status == 1 | 2)
        repaired = try fixture.directory.contents("pool/disk.qed")
        #expect(try await fixture.undo("1").status == 1 | 4)
    }

    /// What is on the disk after a failed flush is unknown, so nothing is concluded from it.
    @Test(arguments: ["fdatasync", "fsync"])
    func aFailedFlushLeavesTheRepairPreparedForTheNextRun(_ call: String) async throws {
        let strace = try #require(Strace(fixture.tool, on: [image], environment: fixture.environment))
        for number in 1...(try await count(call, strace)) {
            let known = try fixture.value("SELECT count(*) FROM repair")
            let failed = try await strace.run(repairArguments, injecting: "error=EIO:when=\(number)", into: call)
            #expect(failed.status == 4 | 8, "\(call) \(number): \(failed)")
            #expect(failed.errors.contains("\(call): Input/output error"), "\(call) \(number): \(failed)")
            #expect(!failed.output.contains("1 repaired"), "\(call) \(number): \(failed)")
            let states = "SELECT group_concat(state) FROM (SELECT state FROM repair ORDER BY id LIMIT 99 OFFSET ?)"
            let added = try Database(path: fixture.store, mode: .readWrite).scalar(states, known)
            #expect(added == .text("prepared"), "\(call) \(number): it is left, and not tried again")
            try await expectNextRunRepairs(expectsSettling: true, "\(call) \(number)")
        }
    }

    @Test(arguments: ["EIO", "ENOSPC"], ["", "+"])
    func aFailedChangeIsRolledBackOrRecoveredByTheNextRun(_ error: String, _ forever: String) async throws {
        let strace = try #require(Strace(fixture.tool, on: [image], environment: fixture.environment))
        for call in ["pwrite64", "fallocate", "ftruncate"] {
            for number in 1...max(1, try await count(call, strace)) {
                // A repair that nothing disturbs cuts no file; taking one back does.
                let point = "\(call) \(number)\(forever) \(error)"
                let failed = try await strace.run(
                    repairArguments, injecting: "error=\(error):when=\(number)\(forever)", into: call)
                guard call != "ftruncate" else {
                    #expect(failed.status == 1 | 2)
                    try await expectNextRunRepairs(expectsSettling: false, point)
                    continue
                }
                #expect(failed.status == 4 | 8, "\(point): \(failed)")
                let state = try fixture.value("SELECT state FROM repair ORDER BY id DESC LIMIT 1")
                if forever.isEmpty || call == "fallocate" {
                    #expect(state == .text("rolled_back"), "\(point): \(failed)")
                }
                let now = try fixture.directory.contents("pool/disk.qed")
                #expect(state == .text("prepared") || (state == .text("rolled_back") && now == damaged), "\(point)")
                try await expectNextRunRepairs(expectsSettling: state == .text("prepared"), point)
            }
        }
    }

    /// As a full disk does it: from some call on nothing can be written to the store.
    @Test func aStoreThatCannotBeWrittenLeavesTheImageAsItWas() async throws {
        let paths = [fixture.store, fixture.store + "-wal"]
        let strace = try #require(Strace(fixture.tool, on: paths, environment: fixture.environment))
        let count = try await count("pwrite64", strace)
        try #require(count > 10)
        for number in stride(from: 1, through: count, by: 4) {
            let result = try await strace.run(
                repairArguments, injecting: "error=ENOSPC:when=\(number)+", into: "pwrite64")
            let now = try fixture.directory.contents("pool/disk.qed")
            let isPrepared = try fixture.value("SELECT count(*) FROM repair WHERE state = 'prepared'") == .integer(1)
            let isDone = !isPrepared && now == repaired
            #expect(isDone || result.status & 8 != 0, "\(number): \(result)")
            #expect(isPrepared || isDone || now == damaged, "\(number): \(result)")
            try await expectNextRunRepairs(expectsSettling: isPrepared, "\(number)")
        }
    }

    private var repairArguments: [String] { ["repair", "--yes", "--settle", "0s", image] }

    /// How often an undisturbed repair makes the call; it is undone.
    private func count(_ call: String, _ strace: Strace) async throws -> Int {
        let (result, counts) = try await strace.count([call], repairArguments)
        #expect(result.status == 1 | 2, "\(result)")
        try await undoNewest()
        return counts[call] ?? 0
    }

    private func expectNextRunRepairs(expectsSettling: Bool, _ point: String) async throws {
        let next = try await fixture.repair()
        #expect(next.status & 8 == 0, "\(point): \(next)")
        #expect(next.output.contains(": rolled_back: ") == expectsSettling, "\(point): \(next)")
        #expect(try fixture.directory.contents("pool/disk.qed") == repaired, "\(point): \(next)")
        try await undoNewest()
    }

    private func undoNewest() async throws {
        let id = try fixture.value("SELECT max(id) FROM repair WHERE state = 'done' AND undoes_repair_id IS NULL")
        guard case .integer(let number) = id else { throw CocoaError(.featureUnsupported) }
        let undone = try await fixture.undo(String(number))
        #expect(undone.status == 1 | 4, "\(undone)")
        #expect(try fixture.directory.contents("pool/disk.qed") == damaged)
    }
}

/// Full disks.
@Suite(.enabled(if: MountedFileSystem.isAvailable, "needs to mount a small file system"), .endsInTime)
struct RepairFullDiskTests {
    @Test func aFullStoreRefusesAndTheImageIsUntouched() async throws {
        let fixture = try ScanFixture()
        let image = try fixture.addDamaged("disk.qed", [.bytes([UInt8](repeating: 7, count: 4 << 20), at: 12 * 4096)])
        let disk = try MountedFileSystem(size: "2m")
        let store = disk.directory.file("store.db")
        #expect(try await fixture.run("--db", store, "scan", fixture.pool).status == 2)
        let before = try FileState(image)
        // 4 MB of leaked bytes would have to be kept.
        let result = try await fixture.run(
            "--db", store, "repair", "--yes", "--settle", "0s", "--reclaim-leaks", "--save-leaked")
        #expect(result.status == 2 | 8)
        #expect(result.errors.contains("is full"), "\(result.errors)")
        #expect(try FileState(image) == before)
        let database = try Database(path: store, mode: .readWrite)
        #expect(try database.scalar("SELECT count(*) FROM repair") == .integer(0))
        #expect(try database.scalar("PRAGMA integrity_check") == .text("ok"))
    }

    /// 12 clusters and the lease fit, and one more; three copies do not.
    @Test(arguments: [60, 48]) func aFullFileSystemDoesNotHarmTheImage(kibibytes: Int) async throws {
        let fixture = try ScanFixture()
        let disk = try MountedFileSystem(size: "\(kibibytes)k")
        let image = disk.directory.file("disk.qed")
        try fixture.write(RawPath(image), (1...3).map { .l2(0, $0, 3 * 4096) })
        #expect(try await fixture.run("scan", disk.directory.path).status == 4)
        let before = try FileState(image)
        let result = try await fixture.repair()
        #expect(result.status == 4 | 8, "\(result)")
        #expect(result.errors.contains("No space left on device"), "\(result.errors)")
        #expect(try FileState(image).bytes == before.bytes)
        let states = try fixture.value("SELECT group_concat(state) FROM repair")
        #expect(states == (kibibytes == 48 ? .null : .text("rolled_back")))
        #expect(try FileManager.default.contentsOfDirectory(atPath: disk.directory.path) == ["disk.qed"])
    }
}
