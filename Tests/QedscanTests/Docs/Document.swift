import Foundation
import TestSupport

/// A Markdown file of the repository: its code blocks, headings and links.
struct Document: CustomStringConvertible, Sendable {
    /// The text between a line of three backquotes and the next such line.
    struct Block {
        /// What follows the backquotes; empty if nothing does.
        let language: String
        let lines: [String]
        /// Whether only an empty line separates it from the block before.
        let isAnswer: Bool
        var text: String { lines.joined(separator: "\n") }
    }

    /// A command of a `console` block and the lines that it prints.
    struct Command {
        let words: [String]
        let output: [String]
    }

    /// The path in the repository.
    let name: String
    let lines: [String]
    let blocks: [Block]
    /// The lines outside all blocks.
    let prose: [String]

    var description: String { name }
    var url: URL { Checkout.url(name) }

    init(_ name: String) throws {
        self.name = name
        let text = try String(contentsOf: Checkout.url(name), encoding: .utf8)
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        var (blocks, prose): ([Block], [String]) = ([], [])
        var opening: Int?
        var end = -3
        for (number, line) in lines.enumerated() {
            if line.hasPrefix("```"), let start = opening {
                let block = Array(lines[(start + 1)..<number])
                blocks.append(
                    Block(language: String(lines[start].dropFirst(3)), lines: block, isAnswer: start == end + 2))
                (opening, end) = (nil, number)
            } else if line.hasPrefix("```") {
                opening = number
            } else if opening == nil {
                prose.append(line)
            }
        }
        guard opening == nil else { throw CocoaError(.fileReadCorruptFile) }
        (self.blocks, self.prose) = (blocks, prose)
    }

    /// README.md and all files in docs/.
    static func all() throws -> [Document] {
        let names = try FileManager.default.contentsOfDirectory(atPath: Checkout.url("docs").path)
        return try [Document("README.md")]
            + names.sorted().filter { $0.hasSuffix(".md") }.map { try Document("docs/\($0)") }
    }

    // MARK: - Commands

    /// The commands of the blocks that show what a terminal shows, with their output.
    var consoleCommands: [Command] {
        blocks.filter { $0.language == "console" }.flatMap { block in
            var commands: [Command] = []
            for line in block.lines {
                if line.hasPrefix("$ ") {
                    commands.append(Command(words: Document.words(of: String(line.dropFirst(2))), output: []))
                } else if let last = commands.popLast() {
                    commands.append(Command(words: last.words, output: last.output + [line]))
                }
            }
            return commands
        }
    }

    /// The arguments of every call of `qedscan` in any block: after a prompt, in a script, in a crontab.
    var programCalls: [[String]] {
        blocks.filter { $0.language != "sql" }.flatMap(\.lines).compactMap { line in
            let words = Document.words(of: line.hasPrefix("$ ") ? String(line.dropFirst(2)) : line)
            let isCrontab = words.count > 6 && words[6].hasSuffix("/qedscan")
            guard isCrontab || words.first == "qedscan" else { return nil }
            return Array(words.dropFirst(isCrontab ? 7 : 1))
        }
    }

    /// The words of a line as a shell takes it apart, up to a comment.
    static func words(of line: String) -> [String] {
        var words: [String] = []
        var word: String?
        var quote: Character?
        for character in line {
            switch character {
            case quote: quote = nil
            case "\"" where quote == nil, "'" where quote == nil: (quote, word) = (character, word ?? "")
            case " " where quote == nil:
                if let word { words.append(word) }
                word = nil
            case "#" where quote == nil && word == nil: return words
            default: word = (word ?? "") + String(character)
            }
        }
        return words + (word.map { [$0] } ?? [])
    }

    // MARK: - Links

    /// The targets of all links and images but those that lead out of the repository.
    var links: [String] {
        prose.flatMap { line in
            line.matches(of: /\]\(([^)]+)\)/).map { String($0.1) }.filter { !$0.contains("://") }
        }
    }

    /// The options that the prose names.
    var options: Set<String> {
        Set(
            prose.flatMap { line in
                line.matches(of: /`[^`]*`/).flatMap { code in
                    code.0.matches(of: /(?:^|[ `])(--[a-z][a-z-]+)/).map { String($0.1) }
                }
            })
    }

    /// What a link to a heading may say after `#`, as GitHub makes it.
    var anchors: Set<String> {
        Set(
            prose.filter { $0.hasPrefix("#") }.map { line in
                let title = line.drop { $0 == "#" }.trimmingCharacters(in: .whitespaces).lowercased()
                return String(
                    title.compactMap { character -> Character? in
                        if character == " " { return "-" }
                        return character.isLetter || character.isNumber || "-_".contains(character) ? character : nil
                    })
            })
    }
}
