import CSystem
import Foundation
import Glibc
import Lab
import TestSupport
import Testing

/// The two scripts that the units run.
@Suite(.ownThread, .endsInTime) struct ScriptTests {
    private func tool(_ name: String) throws -> Tool {
        try #require(Tool(Checkout.url("packaging/libexec/\(name)").path))
    }

    @Test(arguments: [
        (said: "", status: 0, becomes: 0), ("", 2, 0), ("", 8, 0), ("", 14, 0), ("", 1, 1), ("", 16, 16), ("", 32, 32),
        ("", 40, 40), ("", 126, 126), ("leaks", 2, 2), ("in use by nobody", 8, 8), ("a note", 0, 8), ("x", 34, 34),
    ]) func silenceIsSuccess(said: String, status: Int, becomes: Int) async throws {
        for stream in [1, 2] {
            let script = "printf '%s' '\(said)' >&\(stream); exit \(status)"
            let result = try await tool("silence-is-success").run(["sh", "-c", script])
            #expect(result.status == Int32(becomes))
            #expect(result.output == (said.isEmpty ? "" : said + "\n"))
        }
    }

    @Test func aKilledCommandIsAFailure() async throws {
        let result = try await tool("silence-is-success").run(["sh", "-c", "kill -KILL $$"])
        #expect(result.status == 128 + SIGKILL)
        #expect(try await tool("silence-is-success").run(["/no/such/program"]).status == 127)
    }

    /// systemd sends the signal to all processes of the unit.
    @Test func aSignalLeavesTheCommandTimeToEnd() async throws {
        let directory = try TemporaryDirectory()
        let ready = directory.file("ready")
        let script = """
            trap 'echo tidy; exit 32' TERM
            echo $$ > '\(ready)~' && mv '\(ready)~' '\(ready)'
            while :; do sleep 0.05; done
            """
        let running = try tool("silence-is-success").start(["sh", "-c", script])
        #expect(try await eventually(within: 60) { FileManager.default.fileExists(atPath: ready) })
        let text = try String(contentsOfFile: ready, encoding: .utf8).trimmingCharacters(in: .newlines)
        let command = try #require(pid_t(text))
        #expect(getpgid(command) == getpgid(running.processIdentifier))
        kill(running.processIdentifier, SIGTERM)
        kill(command, SIGTERM)
        #expect(await running.wait() == 32)
        #expect(try running.output() == "tidy\n")
    }

    @Test func damagedImagesAreAFailureAndImagesInUseAreNot() async throws {
        let program = try #require(Tool.built("qedscan"))
        let directory = try TemporaryDirectory()
        let pool = try directory.makeDirectory("pool")
        try ImageWriter(ImagePlan()).write(to: "\(pool)/running.qed")
        let descriptor = open("\(pool)/running.qed", O_RDWR | O_CLOEXEC)
        try #require(descriptor >= 0 && csystem_ofd_take_write_lock(descriptor) == 0)
        defer { close(descriptor) }
        let scan = [program.path, "scan", "-q", "--db", directory.file("store.db"), pool]
        #expect(try await program.run(Array(scan.dropFirst())).status == 8)
        let silent = try await tool("silence-is-success").run(scan)
        #expect((silent.status, silent.output) == (0, ""))

        var random = SeededRandom(seed: 1)
        try ImageWriter(ImagePlan()).write(to: "\(pool)/bad.qed")
        try Defect.clusterSizeInvalid.apply(to: ImageEditor(path: "\(pool)/bad.qed"), using: &random)
        let failed = try await tool("silence-is-success").run(scan)
        #expect(failed.status == 8)
        #expect(failed.output.contains("invalid"))
    }

    @Test func theMailHasWhatTheRunPrinted() async throws {
        let directory = try TemporaryDirectory()
        let programs = try directory.makeDirectory("programs")
        for (name, script) in [
            ("journalctl", "echo \"journal $*\"; exit 1"), ("systemctl", "echo \"status $*\"; exit 3"),
            ("sendmail", "echo \"args $*\"; cat"),
        ] {
            let path = "\(programs)/\(name)"
            try "#!/bin/sh\n\(script)\n".write(toFile: path, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        }
        let environment = [
            "PATH": "\(programs):/usr/bin:/bin", "SENDMAIL": "\(programs)/sendmail", "QEDSCAN_MAILTO": "a@example.org",
            "MONITOR_INVOCATION_ID": "4711", "MONITOR_SERVICE_RESULT": "exit-code",
        ]
        let result = try await tool("mail-failure").run(["qedscan-scan@vm.service"], environment: environment)
        #expect(result.status == 0)
        let lines = result.output.components(separatedBy: "\n")
        #expect(lines[0] == "args -i -t")
        #expect(lines[1] == "To: a@example.org")
        #expect(lines[2].hasPrefix("Subject: [") && lines[2].hasSuffix("] qedscan-scan@vm.service: exit-code"))
        let body = try #require(lines.firstIndex(of: ""))
        #expect(lines[body + 1].hasPrefix("journal ") && lines[body + 1].hasSuffix(" _SYSTEMD_INVOCATION_ID=4711"))
        #expect(result.output.contains("status status --no-pager --full --lines=0 qedscan-scan@vm.service\n"))

        let bare = try await tool("mail-failure").run(
            ["qedscan-scan@vm.service"],
            environment: ["PATH": environment["PATH"] ?? "", "SENDMAIL": "\(programs)/sendmail"])
        #expect(bare.output.contains("\nTo: root\n"))
        #expect(bare.output.contains("--unit=qedscan-scan@vm.service"))
    }
}
