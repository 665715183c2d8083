import Foundation
import Lab
import TestSupport
import Testing

@Suite(.ownThread, .enabled(if: Peer.isInstalled, "qemu-utils is not installed"))
struct InUseTests {
    @Test func writerIsSeen() async throws {
        let pool = try await Pool()
        let writer = try await QEMUHolder(opening: pool.image)
        let status = try await pool.scan()
        #expect(status == 8)
        #expect(try await pool.result() == ["outcome": "in_use", "allocated": "0", "leaks": "0"])
        writer.close()
        #expect(try await pool.scan() == 0)
        #expect(try await pool.result()["outcome"] == "clean")
    }

    @Test func aReaderDoesNotPreventACheck() async throws {
        let pool = try await Pool()
        let reader = try await QEMUHolder(opening: pool.image, readOnly: true)
        #expect(try await pool.scan() == 0)
        #expect(try await pool.result() == ["outcome": "clean", "allocated": "16", "leaks": "0"])
        reader.close()
    }

    @Test(arguments: [false, true])
    func networkServerIsSeenIfItMayWrite(isReadOnly: Bool) async throws {
        let pool = try await Pool()
        let nbd = try #require(Peer.nbd)
        let socket = pool.directory.file("nbd")
        let server = try nbd.start(
            ["-t", "-f", "qed", "-k", socket] + (isReadOnly ? ["-r"] : []) + [pool.image])
        #expect(try await eventually { FileManager.default.fileExists(atPath: socket) })
        #expect(try await pool.scan() == (isReadOnly ? 0 : 8))
        #expect(try await pool.result()["outcome"] == (isReadOnly ? "clean" : "in_use"))
        server.stop()
    }

    @Test func forceShareGivesAProvisionalResult() async throws {
        let pool = try await Pool()
        let writer = try await QEMUHolder(opening: pool.image)
        #expect(try await pool.scan(["--force-share"]) == 8)
        #expect(try await pool.result() == ["outcome": "in_use", "allocated": "16", "leaks": "0"])
        #expect(try await pool.message().contains("provisional"))
        writer.close()
    }

    /// A backing file is only read by those who have its overlay open.
    @Test func backingFileOfAnImageInUseIsChecked() async throws {
        let pool = try await Pool()
        let overlay = pool.directory.file("overlay.qed")
        try await ShellBatch.run(
            [["qemu-img", "create", "-q", "-f", "qed", "-b", pool.image, "-F", "qed", overlay]], in: pool.directory.path
        )
        let writer = try await QEMUHolder(opening: overlay)
        #expect(try await pool.scan() == 0)
        #expect(try await pool.result()["outcome"] == "clean")
        writer.close()
    }

    /// A scanner that took a lock, if only for a moment, would keep a virtual machine from starting.
    @Test func scansNeverKeepAWriterFromStarting() async throws {
        let pool = try await Pool()
        let qedscan = try #require(Tool.built("qedscan"))
        let script = """
            while [ ! -e stop ]; do
                '\(qedscan.path)' scan -q --full --db loop.db pool >/dev/null 2>&1; echo >>scans
            done
            """
        let shell = try #require(Tool("sh"))
        let loop = try shell.start(["-c", "cd '\(pool.directory.path)' && \(script)"])
        #expect(try await eventually { try pool.scansDone() > 0 })
        let opened = try await ShellBatch.run(
            Array(repeating: ["qemu-io", "-c", "read 0 512", pool.image], count: 20), in: pool.directory.path)
        for run in opened { #expect(run.status == 0 && run.errors.isEmpty, "\(run)") }
        #expect(try await eventually { try pool.scansDone() > 2 })
        _ = try pool.directory.write([], to: "stop")
        #expect(await loop.wait() == 0)
    }
}

/// One image to scan, with a MiB of data, and a store.
private struct Pool {
    let directory: TemporaryDirectory
    let image: String
    private let qedscan: Tool

    init() async throws {
        directory = try TemporaryDirectory()
        image = try directory.makeDirectory("pool") + "/image.qed"
        guard let qedscan = Tool.built("qedscan") else { throw BatchError(reason: "qedscan is not built") }
        self.qedscan = qedscan
        try await ShellBatch.run(
            [
                ["qemu-img", "create", "-q", "-f", "qed", image, "64M"],
                ["qemu-io", "-c", "write -P 5 0 1M", image],
            ], in: directory.path)
    }

    /// Scans the image and returns the exit status.
    func scan(_ options: [String] = []) async throws -> Int32 {
        try await qedscan.run(["scan", "-q", "--db", directory.file("store.db")] + options + [image]).status
    }

    /// What the store says of the image.
    func result() async throws -> [String: String] {
        let values = try await query(
            "SELECT outcome, ifnull(allocated_clusters, 0), ifnull(leaks, 0) FROM latest_check")
        return Dictionary(uniqueKeysWithValues: zip(["outcome", "allocated", "leaks"], values))
    }

    func message() async throws -> String {
        try await query("SELECT ifnull(message, '') FROM latest_check").joined()
    }

    /// How often the loop of scans has gone round.
    func scansDone() throws -> Int {
        guard FileManager.default.fileExists(atPath: directory.file("scans")) else { return 0 }
        return try String(contentsOfFile: directory.file("scans"), encoding: .utf8).count
    }

    /// The fields of the only row.
    private func query(_ sql: String) async throws -> [String] {
        let run = try await qedscan.run(["query", "--db", directory.file("store.db"), "--format", "csv", sql])
        let lines = run.output.split(whereSeparator: \.isNewline)
        guard run.status == 0, lines.count == 2 else { throw BatchError(reason: run.errors + run.output) }
        return lines[1].split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
}
