import Foundation
import TestSupport
import Testing

/// The SQL in README.md: it runs, and gives what is written there.
@Suite(.endsInTime) struct ReadmeTests {
    /// What stands between a line of three backquotes, with the language if it has one, and the next such line.
    private struct Block {
        let language: String
        let text: String
        /// Whether only an empty line separates it from the block before.
        let isAnswer: Bool
    }

    private static func blocks() throws -> [Block] {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "README.md")
        let lines = try String(contentsOf: file, encoding: .utf8).split(
            separator: "\n", omittingEmptySubsequences: false)
        var blocks: [Block] = []
        var opening: Int?
        var end = -3
        for (number, line) in lines.enumerated() where line.hasPrefix("```") {
            if let start = opening {
                let text = lines[(start + 1)..<number].joined(separator: "\n")
                blocks.append(
                    Block(language: String(lines[start].dropFirst(3)), text: text, isAnswer: start == end + 2))
                (opening, end) = (nil, number)
            } else {
                opening = number
            }
        }
        #expect(opening == nil)
        return blocks
    }

    /// Rows without the spaces that set them in columns, which depend on where the pool is.
    private static func cells(_ table: String) -> [String] {
        table.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
    }

    @Test func everyStatementRunsAndTheFiveAnswersAreThoseOfTheProgram() async throws {
        let fixture = try ScanFixture()
        let lab = try #require(Tool.built("qedlab"), "the program is not built")
        let blocks = try ReadmeTests.blocks()
        let making = try #require(blocks.first { $0.text.hasPrefix("$ qedlab pool") }).text
        for line in making.split(separator: "\n") {
            let words = line.replacingOccurrences(of: "/srv/vm", with: fixture.pool).split(separator: " ").map(
                String.init)
            let tool = words[1] == "qedlab" ? lab : fixture.tool
            let result = try await tool.run(Array(words.dropFirst(2)), environment: fixture.environment)
            // The sum of leaks, corruption, and what could not be checked.
            #expect(result.status == (words[1] == "qedlab" ? 0 : 14), "\(line): \(result.errors)")
        }
        var answers = 0
        for (number, block) in blocks.enumerated() where block.language == "sql" {
            let result = try await fixture.run("query", block.text)
            #expect(result.status == 0, "\(block.text)\n\(result.errors)")
            guard number + 1 < blocks.count, blocks[number + 1].isAnswer else { continue }
            let given = result.output.replacingOccurrences(of: fixture.pool, with: "/srv/vm")
            #expect(ReadmeTests.cells(given) == ReadmeTests.cells(blocks[number + 1].text), "\(block.text)\n\(given)")
            answers += 1
        }
        #expect(answers == 5)
    }
}
