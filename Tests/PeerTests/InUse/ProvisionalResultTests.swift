import Files
import Foundation
import Lab
import QED
import TestSupport
import Testing

/// What a scan makes of an image that a virtual machine has open.
@Suite(.enabled(if: Peer.isInstalled, "qemu-utils is not installed"), .endsInTime)
struct ProvisionalResultTests {
    private let directory: TemporaryDirectory
    private let image: String
    private let qedscan: Tool

    init() async throws {
        directory = try TemporaryDirectory()
        image = try directory.makeDirectory("pool") + "/image.qed"
        qedscan = try #require(Tool.built("qedscan"), "the program is not built")
        try await ShellBatch.run(
            [
                ["qemu-img", "create", "-q", "-f", "qed", image, "64M"],
                ["qemu-io", "-c", "write -P 5 0 1M", image],
            ], in: directory.path)
    }

    @Test func damageThatComesBetweenTwoScansIsStoredButIsNoDamageYet() async throws {
        let writer = try await QEMUHolder(opening: image)
        defer { writer.close() }
        #expect(try await run("scan", "-U", "pool").status == 8)
        let results = "SELECT outcome, corruptions, leaks FROM check_result ORDER BY id"
        #expect(try await rows(results) == ["in_use,0,0"])

        let editor = try ImageEditor(path: RawPath(image))
        try editor.writeL2(try editor.readL2(0, of: 0) + 512, at: 0, of: 0)
        #expect(try await run("scan", "-U", "pool").status == 8)
        #expect(try await rows(results) == ["in_use,0,0", "in_use,1,1"])
        #expect(try await rows("SELECT count(*) FROM damaged_image") == ["0"])
        for report in ["damaged", "leaked-space"] {
            let result = try await run("report", "--format", "csv", report)
            #expect(result.status == 0, "\(result.errors)")
            #expect(!result.output.contains("image.qed"), "\(result.output)")
        }

        writer.close()
        #expect(try await run("scan", "pool").status & 4 == 4)
        #expect(try await rows("SELECT count(*) FROM damaged_image") == ["1"], "without a writer it is damage")
    }

    @Test func quietPrintsNothingAboutImagesInUse() async throws {
        let writer = try await QEMUHolder(opening: image)
        defer { writer.close() }
        try await ShellBatch.run(
            [["qemu-img", "create", "-q", "-f", "qed", "pool/clean.qed", "1M"]], in: directory.path)
        let result = try await run("scan", "-q", "pool")
        #expect((result.status, result.output, result.errors) == (8, "", ""))
        #expect(try await rows("SELECT outcome FROM latest_check ORDER BY path") == ["clean", "in_use"])
    }

    // MARK: - The program

    private func run(_ arguments: String...) async throws -> Tool.Result {
        let pool = directory.file("pool")
        return try await qedscan.run(
            arguments.map { $0 == "pool" ? pool : $0 }, environment: ["QEDSCAN_DB": directory.file("store.db")])
    }

    private func rows(_ sql: String) async throws -> [String] {
        let result = try await run("query", "--format", "csv", sql)
        try #require(result.status == 0, "\(result.errors)")
        return result.output.split(whereSeparator: \.isNewline).dropFirst().map(String.init)
    }
}
