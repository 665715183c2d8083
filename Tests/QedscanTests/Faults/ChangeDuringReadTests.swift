import Files
import Foundation
import Glibc
import Lab
import QED
import Store
import TestSupport
import Testing

/// Files and directories that change while a scan waits at a chosen call.
@Suite(.enabled(if: FaultShim.isPossible, "nothing can be preloaded here"), .ownThread, .timeLimit(.minutes(60)))
struct ChangeDuringReadTests {
    private let fixture: ScanFixture
    private let image: String

    init() throws {
        fixture = try ScanFixture()
        image = try fixture.addDamaged("a.qed", [])
        try fixture.addDamaged("b.qed", [.l2(0, 1, 1 << 40)])
    }

    enum Change: String, CaseIterable {
        case shrink, cut, grow, replaceByCorrupt, replaceByText, protect, delete, fifo, directory, link, damage
    }

    @Test(arguments: Change.allCases) func aScanSaysWhatTheImageBecame(_ change: Change) async throws {
        let shim = FaultShim(fixture.tool, on: image, environment: fixture.environment)
        let counts = try shim.run(["scan", "-j", "0", fixture.pool]).counts
        var choice = CaseChoice(change.rawValue)
        let points = ["pread", "statx", "fcntl"].flatMap { call in (1...max(counts[call] ?? 0, 1)).map { (call, $0) } }
        for (call, number) in choice.choose(2, of: points) {
            try makeAnew()
            let store = fixture.directory.file("\(change)-\(call)-\(number).db")
            let (scan, gate) = try shim.start(
                ["--db", store, "scan", "-j", "0", fixture.pool], pausingAt: call, number)
            try #require(gate.isReached(by: scan), "\(call) \(number)")
            try make(change)
            try gate.open()
            let status = scan.waitBlocking()
            let story: Comment = "\(change) at \(call) \(number): \(status) \(try scan.output()) \(try scan.errors())"
            #expect((0...63).contains(status), story)
            let now = try await images(scanningInto: fixture.directory.file("later-\(call)-\(number)-\(change).db"))
            var found = try StoredImage.all(in: store)
            // It may say that it does not know; else it says what is there now.
            if found[image]?.outcome == "changing" || found[image]?.outcome == "incomplete" {
                #expect(status & 8 != 0, story)
                found[image] = now[image]
            }
            #expect(found == now, story)
        }
    }

    @Test(arguments: Change.allCases) func aCheckSaysWhatTheImageBecameOrThatItChanged(_ change: Change) async throws {
        let shim = FaultShim(fixture.tool, on: image, environment: fixture.environment)
        let count = try #require(try shim.run(["check", image]).counts["pread"])
        var choice = CaseChoice(change.rawValue)
        for number in choice.choose(2, of: Array(1...count)) {
            try makeAnew()
            let (check, gate) = try shim.start(["check", image], pausingAt: "pread", number)
            try #require(gate.isReached(by: check))
            try make(change)
            try gate.open()
            let status = check.waitBlocking()
            let now = try await fixture.run("check", image)
            #expect(status == 1 || status == now.status, "\(change) at \(number): \(status), then \(now)")
            let errors = try check.errors()
            #expect(status != 1 || !errors.isEmpty)
        }
    }

    private func makeAnew() throws {
        try remove(image)
        try fixture.addDamaged("a.qed", [])
    }

    private func remove(_ path: String) throws {
        var status = stat()
        if lstat(path, &status) == 0 { try FileManager.default.removeItem(atPath: path) }
    }

    private func make(_ change: Change) throws {
        let new = fixture.directory.file("new")
        let size = off_t(try FileManager.default.attributesOfItem(atPath: image)[.size] as? Int ?? 0)
        switch change {
        case .shrink: try #require(truncate(image, size - 4096) == 0)
        case .cut: try #require(truncate(image, 100) == 0)
        case .grow: try #require(truncate(image, size + 8192) == 0)
        case .replaceByCorrupt:
            try fixture.write(RawPath(new), [.l2(0, 2, 3 * 4096)])
            try #require(rename(new, image) == 0)
        case .replaceByText:
            _ = try fixture.directory.write("no image".utf8, to: "new")
            try #require(rename(new, image) == 0)
        case .protect: try #require(chmod(image, 0) == 0)
        case .delete: try #require(unlink(image) == 0)
        case .fifo: try #require(unlink(image) == 0 && mkfifo(image, 0o600) == 0)
        case .directory: try #require(unlink(image) == 0 && mkdir(image, 0o700) == 0)
        case .link: try #require(unlink(image) == 0 && symlink("b.qed", image) == 0)
        case .damage: try ImageEdit.l2(1, 1, 1 << 40).apply(to: ImageEditor(path: RawPath(image)))
        }
    }

    private func images(scanningInto store: String) async throws -> [String: StoredImage] {
        _ = try await fixture.run("--db", store, "scan", "-j", "0", fixture.pool)
        return try StoredImage.all(in: store)
    }

    // MARK: - Directories

    enum TreeChange: String, CaseIterable {
        case addFile, removeFile, renameFile, renameDirectory, moveDirectoryOut, replaceDirectoryByLink,
            removeDirectory, protect
    }

    @Test(arguments: TreeChange.allCases) func aTreeThatChangesIsNeverLeftNorMisread(_ change: TreeChange) async throws
    {
        let outside = try fixture.directory.makeDirectory("outside")
        try fixture.write(RawPath("\(outside)/secret.qed"), [.l2(0, 1, 1 << 40)])
        func makeTree() throws {
            for path in ["\(fixture.pool)/tree", "\(fixture.pool)/other", "\(fixture.directory.path)/moved"] {
                try remove(path)
            }
            for directory in ["tree/x", "tree/y"] { _ = try fixture.directory.makeDirectory("pool/\(directory)") }
            for name in ["tree/1", "tree/x/2", "tree/x/3", "tree/y/4"] { try fixture.addDamaged(name, []) }
        }
        try makeTree()
        let shim = FaultShim(fixture.tool, on: fixture.pool + "/tree", environment: fixture.environment)
        let counts = try shim.run(["scan", "-j", "0", fixture.pool]).counts
        var choice = CaseChoice(change.rawValue)
        let points = ["getdents", "openat"].flatMap { call in (1...max(counts[call] ?? 0, 1)).map { (call, $0) } }
        for (call, number) in choice.choose(3, of: points) {
            try makeTree()
            let store = fixture.directory.file("\(change)-\(call)-\(number).db")
            let arguments = ["--db", store, "scan", "-j", "0", fixture.pool]
            let (scan, gate) = try shim.start(arguments, pausingAt: call, number)
            try #require(gate.isReached(by: scan), "\(call) \(number)")
            try make(change, outside)
            try gate.open()
            let status = scan.waitBlocking()
            let story: Comment = "\(change) at \(call) \(number): \(status) \(try scan.output()) \(try scan.errors())"
            #expect([4, 4 | 8].contains(status), story)
            for (path, found) in try StoredImage.all(in: store) {
                #expect(found.outcome == (path.hasSuffix("/b.qed") ? "corrupt" : "clean"), story)
                #expect(path.hasPrefix(fixture.pool + "/"), story)
            }
            let next = try await fixture.run(arguments)
            #expect([4, 4 | 8].contains(next.status), "\(next)")
            let now = try await images(scanningInto: fixture.directory.file("later-\(change)-\(call)-\(number).db"))
            let known = try StoredImage.all(in: store).filter(\.value.isPresent)
            #expect(known == now, story)
        }
    }

    private func make(_ change: TreeChange, _ outside: String) throws {
        let tree = fixture.pool + "/tree"
        switch change {
        case .addFile: try fixture.addDamaged("tree/x/5", [])
        case .removeFile: try #require(unlink(tree + "/x/3") == 0)
        case .renameFile: try #require(rename(tree + "/x/3", tree + "/y/3") == 0)
        case .renameDirectory: try #require(rename(tree + "/x", fixture.pool + "/other") == 0)
        case .moveDirectoryOut: try #require(rename(tree + "/x", fixture.directory.file("moved")) == 0)
        case .replaceDirectoryByLink:
            try #require(
                rename(tree + "/x", fixture.directory.file("moved")) == 0 && symlink(outside, tree + "/x") == 0)
        case .removeDirectory: try FileManager.default.removeItem(atPath: tree + "/x")
        case .protect: try #require(chmod(tree + "/x", 0) == 0)
        }
    }
}
