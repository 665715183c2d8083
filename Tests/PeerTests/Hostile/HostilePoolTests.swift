import Files
import Foundation
import Glibc
import Lab
import QED
import TestSupport
import Testing

/// A scan of everything that is made to bring one down: it ends, within its limits, and says of each thing what it is.
@Suite(.serialized, .endsInTime) struct HostilePoolTests {
    /// Bytes of resident memory that no run may need, whatever it reads.
    private static let mostMemory = 256 << 20
    /// Microseconds that the check of one image may take.
    private static let longestCheck = 60_000_000
    /// Bytes for a control group: the page cache of a run counts there too, and the kernel drops it when it has to.
    private static let groupMemory = 320 << 20

    private let pool: HostilePool
    private let tool: Tool

    init() throws {
        pool = try HostilePool.shared.get()
        tool = try #require(Tool.built("qedscan"), "the program is not built")
    }

    @Test func aScanOfItAllEndsWithinItsLimits() async throws { try await expectScan(by: .caller) }

    @Test func soDoesOneByNobody() async throws { try await expectScan(by: .nobody) }

    @Test func soDoesOneByNobodyWhoReadsAll() async throws { try await expectScan(by: .nobodyWhoReadsAll) }

    @Test func aControlGroupOfLittleMoreMemoryIsEnough() async throws {
        guard let group = try MemoryGroup(limit: HostilePoolTests.groupMemory) else {
            try Test.cancel("there is no control group whose memory can be limited")
        }
        try await expectScan(by: .caller, in: group)
    }

    @Test func aCheckOfEachFileEndsWithinItsLimits() async throws {
        guard let run = try BoundedRun(tool) else { try Test.cancel("no program can be run within limits here") }
        let readsAll = geteuid() == 0
        for file in HostileFile.allCases where file != .nameNotUTF8 && pool.has(file) {
            let path = "\(pool.path)/\(String(decoding: file.fileName, as: UTF8.self))"
            let outcome = try await run.run(["check", path], ["SWIFT_BACKTRACE": "enable=no"])
            let expected = HostileVerdict.checkStatus(file, readsAll: readsAll)
            #expect(outcome.result.status == expected, "\(file): \(outcome.result.errors)")
            #expect(outcome.peak <= HostilePoolTests.mostMemory, "\(file): \(outcome.peak) bytes")
        }
    }

    @Test(.enabled(if: Strace.isPossible, "strace cannot trace here"))
    func aScanTakesNoLockAndWritesToNothingButTheStore() async throws {
        let directory = try pool.directory()
        let log = "\(directory)/trace"
        let calls =
            "openat,open,openat2,creat,truncate,fcntl,flock,unlink,unlinkat,rename,renameat2,chmod,fchmodat,utimensat"
        // Only what opens and locks: the reads of these images are legion.
        let result = try await #require(Tool("strace")).run(
            ["-f", "-qq", "-y", "--seccomp-bpf", "-e", "trace=\(calls)", "-o", log, tool.path, "scan", "-q", "--db"]
                + ["\(directory)/store.db", "--exclude", "alternating-owners.qed", pool.path])
        #expect(result.status == 2 | 4 | 8, "\(result.errors)")
        let lines = try String(decoding: Data(contentsOf: URL(filePath: log)), as: UTF8.self).split(separator: "\n")
        let inPool = lines.filter { $0.contains(pool.path) }
        // The trace would be worth nothing if it missed the images.
        #expect(inPool.count { $0.contains("openat(") } >= HostileTree.names + 200)
        for line in inPool {
            let writes = [
                "O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "SETLK", "SETLEASE", "unlink", "rename", "flock(",
            ]
            #expect(!writes.contains { line.contains($0) }, "\(line)")
        }
        for line in lines where line.contains("O_RDWR") || line.contains("O_WRONLY") {
            #expect(line.contains("\(directory)/store.db"), "\(line)")
        }
        for line in lines where line.contains("SETLK") { #expect(line.contains("\(directory)/store.db"), "\(line)") }
    }

    // MARK: - What is expected

    private func expectScan(by user: BoundedRun.User, in group: MemoryGroup? = nil) async throws {
        guard let run = try BoundedRun(tool, user: user, group: group?.processes) else {
            try Test.cancel("the program cannot be run as \(user) here")
        }
        let directory = try pool.directory(ownedBy: user)
        let environment = ["QEDSCAN_DB": "\(directory)/store.db", "SWIFT_BACKTRACE": "enable=no"]
        let before = try pool.state()
        let scan = try await run.run(["scan", pool.path], environment)
        #expect(scan.result.status == 2 | 4 | 8, "\(scan.result.errors)")
        #expect(scan.peak <= HostilePoolTests.mostMemory, "\(scan.peak) bytes")
        #expect(try pool.state() == before)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: directory).sorted() == ["store.db", "store.db.lock"])

        let verify = try await run.run(["store", "verify"], environment)
        #expect(verify.result.status == 0, "\(verify.result.errors)")
        for question in [
            ["report", "backing-tree"], ["report", "assessment"], ["report", "--html", "\(directory)/page.html"],
        ] {
            let answer = try await run.run(question, environment)
            #expect(answer.result.status == 0 && answer.peak <= HostilePoolTests.mostMemory, "\(question): \(answer)")
        }
        let readsAll = user == .caller ? geteuid() == 0 : user == .nobodyWhoReadsAll
        try await expectVerdicts(run, environment, readsAll: readsAll)
    }

    private func expectVerdicts(_ run: BoundedRun, _ environment: [String: String], readsAll: Bool) async throws {
        let sql = "SELECT path, outcome, duration_us FROM latest_check"
        var found: [String: String] = [:]
        for row in try await rows(sql, run, environment) {
            let path = try #require(row["path"] as? String)
            #expect(try #require(row["duration_us"] as? Int) <= HostilePoolTests.longestCheck, "\(path)")
            found[path] = row["outcome"] as? String
        }
        var errors: [String: Int] = [:]
        for row in try await rows("SELECT path, errno FROM path_error", run, environment) {
            errors[try #require(row["path"] as? String)] = row["errno"] as? Int
        }
        for file in HostileFile.allCases {
            let path = RawPath(pool.path).appending(file.fileName).text
            let error = errors.removeValue(forKey: path)
            let outcome = found.removeValue(forKey: path)
            switch HostileVerdict(file, readsAll: readsAll) {
            case .outcome(let expected): #expect(outcome == expected.rawValue && error == nil, "\(file)")
            case .error(let code): #expect(outcome == nil && error == Int(code), "\(file)")
            case .nothing: #expect(outcome == nil && error == nil, "\(file)")
            }
        }
        let closed = "\(pool.path)/\(HostileTree.closedDirectory.rawValue)"
        #expect(errors == (readsAll ? [:] : [closed: Int(EACCES)]))
        // What is left is in the directories: sound, all of it.
        #expect(found.values.allSatisfy { $0 == Outcome.clean.rawValue })
        #expect(found.count == HostileTree.chainLength + 1 + 4 + (readsAll ? 1 : 0), "\(found.keys.sorted())")
        let longest = found.keys.map(\.utf8.count).max() ?? 0
        #expect(longest > Int(PATH_MAX), "the image that no path leads to")
    }

    private func rows(
        _ sql: String, _ run: BoundedRun, _ environment: [String: String]
    ) async throws -> [[String: Any]] {
        let answer = try await run.run(["query", "--format", "json", sql], environment)
        try #require(answer.result.status == 0, "\(answer.result.errors)")
        return try #require(
            try JSONSerialization.jsonObject(with: Data(answer.result.output.utf8)) as? [[String: Any]])
    }
}

/// A control group of its own with a limit of memory, of version 1 or 2; removed with the last reference.
private final class MemoryGroup: Sendable {
    /// The file that a process writes its number to, to be in the group.
    let processes: String
    private let path: String

    /// nil if none can be made.
    init?(limit: Int) throws {
        let places = [("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max")]
        for (root, file) in places {
            let path = "\(root)/qedscan-test-\(UUID().uuidString)"
            guard mkdir(path, 0o755) == 0 else { continue }
            guard let descriptor = fopen("\(path)/\(file)", "w") else {
                rmdir(path)
                continue
            }
            let isWritten = fputs("\(limit)", descriptor) >= 0
            guard fclose(descriptor) == 0, isWritten, access("\(path)/cgroup.procs", W_OK) == 0 else {
                rmdir(path)
                continue
            }
            self.path = path
            processes = "\(path)/cgroup.procs"
            return
        }
        return nil
    }

    deinit { rmdir(path) }
}
