import Foundation
import TestSupport
import Testing

/// Where output goes, and how it shows sizes and the version.
@Suite(.endsInTime) struct ProgramOutputTests {
    private let fixture: ScanFixture

    init() throws { fixture = try ScanFixture() }

    @Test(arguments: ["sound, 4K/1", "one cluster more at the end, 4K/1", "two neighbours share a cluster, 4K/1"])
    func aCheckThatCannotPrintFails(what: String) async throws {
        let result = try await runIntoFullDisk("check", try fixture.addImage("disk.qed", what))
        #expect(result.status == 1)
        #expect(result.errors.contains("standard output"), "\(result.errors)")
    }

    @Test func helpThatCannotBePrintedIsOneErrorLine() async throws {
        let result = try await runIntoFullDisk("help")
        #expect(result.status == 8)
        #expect(result.errors.hasPrefix("qedscan: cannot write to standard output: "), "\(result.errors)")
        #expect(result.errors.split(separator: "\n").count == 1)
    }

    @Test func reportsRoundSizesAndQueriesDoNot() async throws {
        try fixture.addImage("leaking.qed", "one cluster more at the end, 4K/1")
        #expect(try await fixture.run("scan", fixture.pool).status == 2)
        #expect(try await fixture.run("report", "leaked-space").output.contains("4.0 KiB"))
        let query = try await fixture.run("query", "SELECT leaked_bytes FROM damaged_image").output
        #expect(query.split(whereSeparator: \.isWhitespace) == ["leaked_bytes", "4096"])
        let csv = try await fixture.run("report", "--format", "csv", "leaked-space").output
        #expect(csv.contains(",4096,") && !csv.contains("KiB"), "programs read exact numbers")
    }

    @Test func versionIsAnOptionToo() async throws {
        let result = try await fixture.run("--version")
        #expect(result.status == 0)
        #expect(result.output.hasPrefix("qedscan "), "\(result.output)")
        #expect(result.output == (try await fixture.run("version").output))
        #expect(result.errors == "")
    }

    @Test(arguments: [["--format", "qed"], ["--format=qed"], ["-f", "qed"]])
    func theFormatMayBeNamed(_ option: [String]) async throws {
        let path = try fixture.addImage()
        let result = try await fixture.run(["check"] + option + [path])
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.contains("No errors were found"), "\(result.output)")
    }

    private func runIntoFullDisk(_ arguments: String...) async throws -> Tool.Result {
        let shell = try #require(Tool("sh"))
        return try await shell.run(
            ["-c", "exec \"$0\" \"$@\" >/dev/full", fixture.tool.path] + arguments, environment: fixture.environment)
    }
}
