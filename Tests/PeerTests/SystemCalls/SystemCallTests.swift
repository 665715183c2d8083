import Lab
import TestSupport
import Testing

/// What the real program does to the files of a pool, as strace(1) sees it.
@Suite(.enabled(if: Strace.isPossible, "strace cannot trace here"))
struct SystemCallTests {
    /// Sound, leaking, corrupt, dirty, unusable, and one with a backing file.
    private static func fill(_ pool: String) throws {
        var plan = ImagePlan()
        plan.guestClusters = .first(100)
        var random = SeededRandom(seed: 7)
        for defect in [nil, .dirty, .leakedTail, .dataClusterShared, .clusterSizeInvalid, .trailingPartialCluster]
            as [Defect?]
        {
            let path = "\(pool)/\(defect?.rawValue ?? "sound").qed"
            try ImageWriter(plan).write(to: path)
            try defect?.apply(to: ImageEditor(path: path), using: &random)
        }
        plan.backingFilename = "sound.qed"
        try ImageWriter(plan).write(to: "\(pool)/overlay.qed")
    }

    @Test func scanOnlyReadsTheImages() async throws {
        let trace = try await SystemCallTests.trace(["scan", "--full", "--db", "../store.db", "."])
        #expect(trace.status == 2 | 4 | 8)
        // The trace would be worth nothing if it missed the images.
        #expect(trace.images.count == 7)
        for image in trace.images {
            #expect(trace.calls("openat", on: image).count >= 1, "\(image)")
            #expect(trace.calls("pread64", on: image).count >= 1, "\(image)")
        }
        expectNoHarm(trace)
    }

    @Test(arguments: ["sound.qed", "data-cluster-shared.qed", "dirty.qed", "overlay.qed"])
    func checkOnlyReadsTheImage(_ name: String) async throws {
        let trace = try await SystemCallTests.trace(["check", name])
        #expect(trace.calls("pread64", on: name).count >= 1)
        for other in trace.images where other != name { #expect(trace.calls(on: other).isEmpty) }
        expectNoHarm(trace)
    }

    private func expectNoHarm(_ trace: Trace) {
        for image in trace.images {
            for call in trace.calls("openat", on: image) {
                #expect(call.contains("O_RDONLY") && !call.contains("O_TRUNC") && !call.contains("O_CREAT"), "\(call)")
            }
            for call in trace.calls("fcntl", on: image) {
                #expect(call.contains("F_OFD_GETLK") || call.contains("F_GETF"), "\(call)")
            }
            let names = Set(trace.calls(on: image).map(Trace.name))
            #expect(names.isSubset(of: SystemCallTests.harmless), "\(image): \(names)")
        }
        #expect(trace.before == trace.after)
    }

    private static let harmless: Set<String> = [
        "openat", "close", "read", "pread64", "lseek", "fstat", "newfstatat", "statx", "fcntl", "fstatfs",
        "fadvise64", "readlink", "readlinkat", "access", "faccessat", "faccessat2",
    ]

    private static func trace(_ arguments: [String]) async throws -> Trace {
        guard let qedscan = Tool.built("qedscan") else { throw BatchError(reason: "qedscan is not built") }
        let directory = try TemporaryDirectory()
        let pool = try directory.makeDirectory("pool")
        try fill(pool)
        let before = try ImageState.all(in: pool)
        let runs = try await ShellBatch.run(
            [["strace", "-f", "-y", "-s", "4096", "-o", "../trace", qedscan.path] + arguments], in: pool)
        return Trace(
            status: runs[0].status,
            lines: try String(contentsOfFile: directory.file("trace"), encoding: .utf8).components(separatedBy: "\n"),
            before: before, after: try ImageState.all(in: pool))
    }
}
