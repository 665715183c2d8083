import Foundation
import Glibc
import SQLite
import Store
import TestSupport
import Testing

/// The other commands, with a call that fails: they succeed, or say why not, and leave no half files.
@Suite(.enabled(if: FaultShim.isPossible, "nothing can be preloaded here"), .ownThread, .timeLimit(.minutes(60)))
struct CommandFaultTests {
    /// Words of a command line; `@` stands for the pool, `%` for the file that is written.
    static let commands = [
        ["check", "@/sound.qed"], ["check", "@/corrupt.qed"], ["check", "@/sub/leaking.qed"], ["report", "damaged"],
        ["report", "--html", "%"], ["query", "SELECT path, outcome FROM latest_check ORDER BY path"],
        ["show", "@/sub/deep/corrupt.qed"], ["status"], ["scan", "-j", "0", "--metrics", "%", "@"],
        ["store", "verify"],
        ["store", "prune", "--keep-days", "1"], ["store", "backup", "%"], ["store", "migrate"], ["repair", "--list"],
    ]

    @Test(arguments: commands) func aFailedCallIsAnErrorOrHarmless(_ words: [String]) async throws {
        let pool = try await FaultPool()
        let file = pool.fixture.directory.file("written")
        let shim = pool.shim()
        func arguments() throws -> [String] {
            unlink(file)
            if words.contains("%"), words.first != "store" {
                _ = try pool.fixture.directory.write("old\n".utf8, to: "written")
            }
            let rest = words.map { $0.replacing("@", with: pool.fixture.pool).replacing("%", with: file) }
            return ["--db", try pool.newStore(true)] + rest
        }
        let sound = try shim.run(try arguments())
        let whole = try contents(of: file)
        var choice = CaseChoice("\(words)")
        let chosen = choice.choose(8, of: ScanFaultTests.faults(sound.counts))
        #expect(chosen.count == 8 || CaseChoice.takesAll)
        for fault in chosen {
            let run = try shim.run(try arguments(), fault)
            let story: Comment = "\(fault): \(run)"
            #expect(!run.hung && (0...63).contains(run.status), story)
            let failed: Int32 = words.first == "check" ? 1 : 8
            let isFailure = words.first == "check" ? run.status == failed : run.status & failed != 0
            #expect(run.status == sound.status || isFailure, story)
            if isFailure, sound.status & failed == 0 { #expect(!run.errors.isEmpty, story) }
            if words.first == "check", run.status != 1 { #expect(run.output == sound.output, story) }
            if words.first == "query", run.status == 0 { #expect(run.output == sound.output, story) }
            if let now = try contents(of: file), now != Data("old\n".utf8) {
                try expectWhole(now, like: whole, at: file, words, story)
            }
            let database = try Database(path: pool.fixture.directory.file("fault.db"), mode: .readWrite)
            #expect(try database.scalar("PRAGMA integrity_check") == .text("ok"), story)
        }
        let images = try StoredImage.all(in: pool.fixture.directory.file("fault.db"))
        #expect(images.keys.sorted() == pool.truth.keys.sorted())
    }

    private func contents(of file: String) throws -> Data? {
        FileManager.default.fileExists(atPath: file) ? try Data(contentsOf: URL(filePath: file)) : nil
    }

    private func expectWhole(
        _ now: Data, like whole: Data?, at file: String, _ words: [String], _ story: Comment
    ) throws {
        switch words.first {
        case "store": #expect(try StoredImage.all(in: file).count == 8, story)
        case "report": #expect(String(decoding: now, as: UTF8.self).hasSuffix("</html>\n"), story)
        default:
            // The figures may differ, what they are called may not.
            let names = { (data: Data?) in
                String(decoding: data ?? Data(), as: UTF8.self).split(separator: "\n").filter { $0.hasPrefix("# HELP") }
            }
            #expect(names(now) == names(whole), story)
        }
    }
}

/// Repairs and undos in which one call of any kind fails.
@Suite(.enabled(if: FaultShim.isPossible, "nothing can be preloaded here"), .ownThread, .timeLimit(.minutes(60)))
struct RepairCallFaultTests {
    @Test(arguments: [true, false]) func aFailedCallLeavesTheImageUnchangedOrRepaired(_ isUndo: Bool) async throws {
        let fixture = try ScanFixture()
        let image = try fixture.addDamaged()
        let damaged = try fixture.directory.contents("pool/disk.qed")
        _ = try await fixture.scan()
        #expect(try await fixture.repair().status == 1 | 2)
        let repaired = try fixture.directory.contents("pool/disk.qed")
        if !isUndo { #expect(try await fixture.undo("1").status == 1 | 4) }
        let before = fixture.directory.file("before")
        try FileManager.default.createDirectory(atPath: before, withIntermediateDirectories: false)
        for name in ["store.db", "pool/disk.qed"] {
            try FileManager.default.copyItem(
                atPath: fixture.directory.file(name), toPath: before + "/" + (name as NSString).lastPathComponent)
        }
        let arguments = ["--yes", "--settle", "0s"] + (isUndo ? ["1"] : [])
        let command = [isUndo ? "undo" : "repair"] + arguments
        func restore() throws {
            for suffix in ["", "-wal", "-shm", "-journal"] { unlink(fixture.store + suffix) }
            try FileManager.default.copyItem(atPath: before + "/store.db", toPath: fixture.store)
            // The same file, whose times are then others: what was scanned has to be scanned again.
            try FileHandle(forWritingTo: URL(filePath: image)).write(
                contentsOf: Data(contentsOf: URL(filePath: before + "/disk.qed")))
            try #require(truncate(image, off_t(isUndo ? repaired.count : damaged.count)) == 0)
        }
        let shim = FaultShim(fixture.tool, on: fixture.directory.path, environment: fixture.environment)
        try restore()
        if !isUndo { _ = try await fixture.scan("--full") }
        let sound = try shim.run(command)
        var choice = CaseChoice("\(command)")
        for fault in choice.choose(15, of: ScanFaultTests.faults(sound.counts)) {
            try restore()
            if !isUndo { _ = try await fixture.scan("--full") }
            let run = try shim.run(command, fault)
            let story: Comment = "\(fault): \(run)"
            #expect(!run.hung && (0...63).contains(run.status), story)
            let now = try fixture.directory.contents("pool/disk.qed")
            let isPrepared = try fixture.value("SELECT count(*) FROM repair WHERE state = 'prepared'") != .integer(0)
            #expect(now == damaged || now == repaired || isPrepared, story)
            if run.status & 8 == 0 { #expect(!isPrepared && run.status == sound.status, story) }
            try await expectLeaseIsTakenOverOrNamed(fixture, story)
            // Settles what is left, and repairs.
            _ = try await fixture.scan("--full")
            let next = try await fixture.repair()
            #expect(next.status & 8 == 0, "\(story), then \(next)")
            #expect(try fixture.directory.contents("pool/disk.qed") == repaired, "\(story), then \(next)")
            #expect(try fixture.value("SELECT count(*) FROM repair WHERE state = 'prepared'") == .integer(0), story)
        }
    }

    /// A lease that could not be removed is taken over, unless it could not be written either: then nobody knows whose
    /// it is, and the message says what to remove.
    private func expectLeaseIsTakenOverOrNamed(_ fixture: ScanFixture, _ story: Comment) async throws {
        let lease = "\(fixture.pool)/.qedscan-lease"
        var status = stat()
        guard lstat(lease, &status) == 0, status.st_size == 0 else { return }
        _ = try await fixture.scan("--full")
        let refused = try await fixture.repair()
        #expect(refused.status & 8 == 0 || refused.errors.contains("remove \(lease)"), "\(story), then \(refused)")
        if lstat(lease, &status) == 0 { try #require(unlink(lease) == 0) }
    }
}
