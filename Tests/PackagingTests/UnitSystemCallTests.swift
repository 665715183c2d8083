import Foundation
import Lab
import TestSupport
import Testing

/// The unit's filter of system calls cannot be tried without systemd. So what a scan calls is held to what it allows.
@Suite(.endsInTime) struct UnitSystemCallTests {
    private static let analyze = Tool("systemd-analyze")

    /// The system calls that a list of names and groups expands to.
    private func calls(_ analyze: Tool, _ words: [String]) async throws -> Set<String> {
        var calls: Set<String> = []
        var groups = words
        while let word = groups.popLast() {
            guard word.hasPrefix("@") else {
                calls.insert(word)
                continue
            }
            let result = try await analyze.run(["syscall-filter", "--no-pager", word])
            try #require(result.status == 0, "\(result.errors)")
            let lines = result.output.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
            groups += lines.filter { !$0.hasPrefix("#") && $0 != word && !$0.isEmpty }
        }
        return calls
    }

    private func allowed(_ analyze: Tool, by unit: UnitFile) async throws -> Set<String> {
        var allowed: Set<String> = []
        for line in unit.values("SystemCallFilter") {
            let words = line.drop { $0 == "~" }.split(separator: " ").map(String.init)
            if line.hasPrefix("~") {
                allowed.subtract(try await calls(analyze, words))
            } else {
                allowed.formUnion(try await calls(analyze, words))
            }
        }
        return allowed
    }

    /// Sound, damaged and overlaid images, an empty store that waits, and things that are no images.
    private func fill(_ directory: TemporaryDirectory) throws -> String {
        let pool = try directory.makeDirectory("pool")
        var plan = ImagePlan()
        plan.guestClusters = .first(100)
        var random = SeededRandom(seed: 7)
        for defect in [nil, .dirty, .leakedTail, .dataClusterShared, .clusterSizeInvalid] as [Defect?] {
            let path = "\(pool)/\(defect?.rawValue ?? "sound").qed"
            try ImageWriter(plan).write(to: path)
            try defect?.apply(to: ImageEditor(path: path), using: &random)
        }
        plan.backingFilename = "sound.qed"
        try ImageWriter(plan).write(to: "\(pool)/overlay.qed")
        _ = try directory.write("no image".utf8, to: "pool/text")
        for name in ["store.db", "store.db.lock"] { _ = try directory.write([], to: name) }
        return pool
    }

    /// Runs the unit's command under strace, with calls that fail as the filter makes them fail; the program's output.
    private func scan(
        _ installation: Installation, refusing refused: Set<String>
    ) async throws -> (output: String, called: Set<String>) {
        let directory = try TemporaryDirectory()
        let pool = try fill(directory)
        let fault = refused.isEmpty ? [] : ["-e", "inject=\(refused.sorted().joined(separator: ",")):error=EPERM"]
        let command = ["scan", "-q", "--db", directory.file("store.db"), pool]
        let result = try await #require(Tool("strace")).run(
            ["-f", "-o", directory.file("trace")] + fault + [installation.file("libexec/qedscan/silence-is-success")]
                + [installation.file("bin/qedscan")] + command)
        #expect(result.status == 2 | 4 | 8, "\(result.errors)")
        var called: Set<String> = []
        for line in try String(contentsOfFile: directory.file("trace"), encoding: .utf8).split(separator: "\n") {
            if let call = line.firstMatch(of: /^[0-9]+ +([a-z0-9_]+)\(/) { called.insert(String(call.1)) }
        }
        #expect(called.contains("pread64") && called.contains("execve") && called.contains("fdatasync"))
        let outcomes = result.output.split(separator: "\n").filter { $0.hasPrefix("   ") }
        return (outcomes.joined(separator: "\n"), called)
    }

    @Test(
        .enabled(if: analyze != nil, "systemd-analyze is not installed"),
        .enabled(if: Strace.isPossible, "strace cannot trace here"))
    func theUnitAllowsEveryCallOfAScan() async throws {
        let installation = try await Installation()
        let unit = UnitFile(try installation.text("lib/systemd/system/qedscan-scan@.service"))
        #expect(unit.values("SystemCallErrorNumber") == ["EPERM"])
        let allowed = try await allowed(#require(Self.analyze), by: unit)
        #expect(allowed.contains("pread64") && !allowed.contains("chown") && !allowed.contains("connect"))

        let free = try await scan(installation, refusing: [])
        #expect(free.output.contains("corrupt") && free.output.contains("invalid"))
        // SQLite, as root only, gives its files to the store's owner. Dispatch sets the priority of its threads, and tells
        // syslog if it cannot.
        let refused: Set<String> = ["fchown", "setpriority", "socket", "connect"]
        #expect(refused.isDisjoint(with: allowed))
        #expect(free.called.subtracting(allowed).isSubset(of: refused))
        let confined = try await scan(installation, refusing: refused)
        #expect(confined.output == free.output)
        #expect(confined.called.subtracting(allowed).isSubset(of: refused))
    }
}
