import Foundation
import Store
import TestSupport
import Testing

/// The question that `repair` and `undo` ask on a terminal: one of script(1)'s making.
@Suite(.enabled(if: Tool("script") != nil, "script(1) is not installed"), .endsInTime)
struct RepairTerminalTests {
    private let fixture: ScanFixture
    private let image: String

    init() async throws {
        fixture = try ScanFixture()
        image = try fixture.addDamaged()
        _ = try await fixture.scan()
    }

    @Test(arguments: ["y\n", "yes\n", "Y\n"]) func yesRepairsAndUndoes(_ answer: String) async throws {
        let before = try fixture.directory.contents("pool/disk.qed")
        let repair = try await runOnTerminal("repair --settle 0s", answer)
        #expect(repair.status == 1 | 2, "\(repair)")
        #expect(repair.output.contains("Repair 1 image? [y/N]"))
        let question = try #require(repair.output.range(of: "Repair 1 image?"))
        let effect = try #require(repair.output.range(of: "guest bytes 4096-8191: will read as zeros"))
        #expect(effect.upperBound < question.lowerBound, "the plan stands above the question")
        #expect(repair.output.contains("1 repaired"))
        let undo = try await runOnTerminal("undo --settle 0s 1", answer)
        #expect(undo.status == 1 | 4, "\(undo)")
        #expect(try fixture.directory.contents("pool/disk.qed") == before)
    }

    /// Nothing at all is the end of the input.
    @Test(arguments: ["n\n", "no\n", "\n", "yy\n", "", "ja\n"]) func anyOtherAnswerChangesNothing(_ answer: String)
        async throws
    {
        let before = try FileState(image)
        let repair = try await runOnTerminal("repair --settle 0s", answer)
        #expect(repair.status == 8, "\(repair)")
        #expect(repair.output.contains("Repair 1 image? [y/N]"))
        #expect(try FileState(image) == before)
        #expect(try fixture.value("SELECT count(*) FROM repair") == .integer(0))
    }

    @Test func noQuestionIsAskedIfThereIsNothingToDo() async throws {
        _ = try await fixture.repair()
        let result = try await runOnTerminal("repair --settle 0s", "")
        #expect(result.status == 2)
        #expect(!result.output.contains("[y/N]"))
    }

    @Test func waitingIsAnnounced() async throws {
        let result = try await runOnTerminal("repair --settle 2s", "y\n")
        #expect(result.status == 1 | 2, "\(result)")
        #expect(result.output.contains("waiting "))
    }

    private func runOnTerminal(_ command: String, _ answer: String) async throws -> Tool.Result {
        let script = try #require(Tool("script"))
        // A file as input ends before the program asks: then script(1) ends the terminal's input too.
        return try await script.run(
            ["-qec", "'\(fixture.tool.path)' \(command)", "/dev/null"], environment: fixture.environment, input: answer)
    }
}
