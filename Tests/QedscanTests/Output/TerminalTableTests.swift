import Foundation
import Lab
import QED
import TestSupport
import Testing

/// Tables on a terminal of script(1)'s making, and without one.
@Suite(.enabled(if: Tool("script") != nil, "script(1) is not installed"), .endsInTime)
struct TerminalTableTests {
    private static let names = [
        String(repeating: "a-long-name-", count: 13) + ".qed",
        String(repeating: "\u{65E5}\u{672C}", count: 40) + ".qed",
        "short.qed",
    ]
    private static let sql = "SELECT path, outcome, 9223372036854775807 AS largest, checked_at FROM latest_check"

    private let fixture: ScanFixture

    init() async throws {
        fixture = try ScanFixture()
        for name in TerminalTableTests.names { try fixture.addImage(name) }
        _ = try await fixture.run("scan", fixture.pool)
    }

    @Test(arguments: [80, 120, 200]) func linesFitAndEndsOfNamesStay(_ columns: Int) async throws {
        let lines = try await lines(columns, "query \"\(TerminalTableTests.sql)\"")
        #expect(lines.count == 4)
        for line in lines.dropFirst() {
            #expect(width(line) <= columns, "\(line)")
            #expect(line.hasPrefix(String(fixture.pool.prefix(5))) && line.contains(".qed "), "\(line)")
            #expect(line.contains(" 9223372036854775807 ") && line.contains("  clean  "), "\(line)")
            // The whole time, milliseconds and all.
            #expect(line.split(separator: " ").last?.count == 12 && line.suffix(4).first == ".", "\(line)")
        }
        let cut = lines.filter { $0.contains("\u{2026}") }
        #expect(cut.count >= 2, "the long names are cut")
        #expect(cut.contains { width($0) == columns }, "all of the line is used")
    }

    @Test func aTooNarrowTerminalWrapsTheLines() async throws {
        let lines = try await lines(30, "query \"\(TerminalTableTests.sql)\"")
        #expect(lines.count == 4)
        #expect(lines.dropFirst().allSatisfy { $0.contains(" 9223372036854775807 ") && width($0) <= 24 + 62 })
    }

    @Test func aWideTerminalShowsWholeNames() async throws {
        let lines = try await lines(1000, "query \"\(TerminalTableTests.sql)\"")
        for name in TerminalTableTests.names {
            #expect(lines.contains { $0.hasPrefix("\(fixture.pool)/\(name) ") }, "\(name)")
        }
    }

    @Test func nothingIsCutWhereThereIsNoTerminal() async throws {
        let output = try await fixture.run("query", TerminalTableTests.sql).output
        #expect(!output.contains("\u{2026}"))
        for name in TerminalTableTests.names { #expect(output.contains("\n\(fixture.pool)/\(name) "), "\(name)") }
    }

    private func lines(_ columns: Int, _ command: String) async throws -> [String] {
        let script = try #require(Tool("script"))
        let result = try await script.run(
            ["-qec", "stty cols \(columns) && '\(fixture.tool.path)' --color never \(command)", "/dev/null"],
            environment: fixture.environment)
        try #require(result.status == 0, "\(result)")
        return result.output.replacingOccurrences(of: "\r", with: "").split(separator: "\n").map(String.init)
    }

    /// What the names of this test take on a terminal.
    private func width(_ line: String) -> Int {
        line.unicodeScalars.reduce(0) { $0 + ($1.isASCII || $1 == "\u{2026}" ? 1 : 2) }
    }
}
