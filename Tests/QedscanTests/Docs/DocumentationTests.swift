import CommandSyntax
import Foundation
import TestSupport
import Testing

@testable import qedscan

/// README.md and docs/: what they show is what the program does, and their links lead somewhere.
@Suite(.endsInTime) struct DocumentationTests {
    /// Where the pool and the store of the documentation are.
    private static let (pool, store) = ("/srv/vm", "/var/lib/qedscan/qedscan.db")
    /// The machine of the documentation.
    private static let host = "web1"

    @Test func readmeIsShort() throws {
        // The last element is what follows the last newline.
        #expect(try Document("README.md").lines.count - 1 <= 150)
    }

    // MARK: - Links and options

    @Test func relativeLinksAndAnchorsResolve() throws {
        let others = ["CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "Benchmarks/PLAN.md"]
        for document in try Document.all() + others.map({ try Document($0) }) {
            for link in document.links {
                let parts = link.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
                var target = document
                if !parts[0].isEmpty {
                    let url = document.url.deletingLastPathComponent().appending(path: parts[0]).standardized
                    guard FileManager.default.fileExists(atPath: url.path) else {
                        Issue.record("\(document): \(link) leads nowhere")
                        continue
                    }
                    guard parts.count == 2 else { continue }
                    target = try Document(String(url.path.dropFirst(Checkout.root.standardized.path.count + 1)))
                }
                #expect(target.anchors.contains(parts.last ?? ""), "\(document): \(link)")
            }
        }
    }

    @Test func everyDocumentIsReachedFromTheReadme() throws {
        let links = try Document("README.md").links
        for document in try Document.all().dropFirst() { #expect(links.contains(document.name), "\(document)") }
    }

    @Test func everyOptionThatIsNamedExists() throws {
        var known = Set(
            CommandPath(root: Program.spec).depthFirst.flatMap { $0.command.options.map { "--\($0.name)" } })
        for script in ["slurm/qedscan-submit", "parallel/qedscan-parallel", "parallel/qedscan-fleet"] {
            let text = try String(contentsOf: Checkout.url("contrib/\(script)"), encoding: .utf8)
            known.formUnion(text.matches(of: /--[a-z][a-z-]+/).map { String($0.0) })
        }
        // Of systemd-tmpfiles.
        known.insert("--create")
        for document in try Document.all() {
            #expect(document.options.subtracting(known) == [], "\(document)")
        }
    }

    // MARK: - Commands

    @Test func everyCommandLineIsOneThatTheProgramAccepts() throws {
        var count = 0
        for document in try Document.all() {
            for arguments in document.programCalls {
                count += 1
                do {
                    let parsed = try CommandParser(Program.spec).parse(arguments)
                    if parsed.names == ["scan"] { _ = try ScanCommand(parsed) }
                } catch {
                    Issue.record("\(document): qedscan \(arguments.joined(separator: " ")): \(error)")
                }
            }
        }
        #expect(count > 30)
    }

    @Test(arguments: try Document.all().filter { !$0.consoleCommands.isEmpty })
    func consoleBlocksShowWhatTheProgramPrints(_ document: Document) async throws {
        let fixture = try ScanFixture()
        let commands = document.consoleCommands
        if !commands.contains(where: { $0.words[0] == "qedlab" }) { try await DocumentationTests.makePool(fixture) }
        if !["qedlab", "scan"].contains(where: commands[0].words.prefix(2).contains) {
            _ = try await fixture.run("scan", fixture.pool)
        }
        for command in commands {
            let result = try await DocumentationTests.run(command.words, fixture)
            let title = "\(document): \(command.words.joined(separator: " "))"
            // Leaks, corruption, something that could not be checked: the pool is damaged. No wrong command line.
            #expect(result.status & ~15 == 0, "\(title): \(result.errors)")
            let printed = DocumentationTests.normalized(result.output, fixture).split(
                separator: "\n", omittingEmptySubsequences: false
            ).map(String.init)
            let shown = command.output.map(DocumentationTests.masked)
            #expect(DocumentationTests.matches(printed.dropLast()[...], shown[...]), "\(title)\n\(result.output)")
        }
    }

    // MARK: - SQL

    @Test func everyStatementRunsAndTheFiveAnswersAreRight() async throws {
        let fixture = try ScanFixture()
        try await DocumentationTests.makePool(fixture)
        #expect(try await fixture.run("scan", fixture.pool).status == 14)
        var (statements, answers) = (0, 0)
        for document in try Document.all() {
            for (number, block) in document.blocks.enumerated() where block.language == "sql" {
                let result = try await fixture.run("query", block.text)
                #expect(result.status == 0, "\(document): \(block.text)\n\(result.errors)")
                statements += 1
                guard number + 1 < document.blocks.count, document.blocks[number + 1].isAnswer else { continue }
                let printed = DocumentationTests.normalized(result.output, fixture)
                let shown = document.blocks[number + 1].lines.map(DocumentationTests.masked).joined(separator: "\n")
                #expect(printed == shown + "\n", "\(document): \(block.text)\n\(result.output)")
                answers += 1
            }
        }
        #expect((statements, answers) == (6, 5))
    }

    // MARK: - Non public

    /// Makes the pool that docs/sql.md describes.
    private static func makePool(_ fixture: ScanFixture) async throws {
        for command in try Document("docs/sql.md").consoleCommands where command.words[0] == "qedlab" {
            let result = try await run(command.words, fixture)
            try #require(result.status == 0, "\(command.words): \(result.errors)")
        }
    }

    /// Runs a command of the documentation on the fixture's pool and store.
    private static func run(_ words: [String], _ fixture: ScanFixture) async throws -> Tool.Result {
        let tool = words[0] == "qedlab" ? try #require(Tool.built("qedlab"), "the program is not built") : fixture.tool
        var arguments = words.dropFirst().map { word in
            if word.hasPrefix(pool) { return fixture.pool + word.dropFirst(pool.count) }
            return word.hasSuffix(".db") && !word.hasPrefix("/") ? fixture.directory.file(word) : word
        }
        // A reader waits; the test need not.
        if words.contains("--yes") { arguments += ["--settle", "0s"] }
        return try await tool.run(arguments, environment: fixture.environment)
    }

    /// What was printed, as the documentation has it.
    private static func normalized(_ text: String, _ fixture: ScanFixture) -> String {
        let text = text.replacingOccurrences(of: fixture.pool, with: pool)
            .replacingOccurrences(of: fixture.store, with: store)
            .replacingOccurrences(of: fixture.directory.path + "/", with: "")
        return text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            masked(
                line.split(separator: " ", omittingEmptySubsequences: false)
                    .map { $0 == Host.name ? host : $0 == Host.name + ":" ? host + ":" : String($0) }
                    .joined(separator: " "))
        }.joined(separator: "\n")
    }

    /// A line without what differs from run to run, and without the spaces that set it in columns.
    private static func masked(_ line: String) -> String {
        line.replacing(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?/, with: "TIME")
            .replacing(/\b(in|after) [\d.]+ s\b/) { "\($0.1) N s" }
            .replacing(/[\d.]+ KiB read/, with: "N KiB read")
            .split(separator: " ").joined(separator: " ")
    }

    /// Whether lines match those that are shown; `…` stands for any lines, or for the rest of one.
    private static func matches(_ printed: ArraySlice<String>, _ shown: ArraySlice<String>) -> Bool {
        guard let first = shown.first else { return printed.isEmpty }
        let rest = shown.dropFirst()
        if first == "…" { return printed.indices.contains { matches(printed[$0...], rest) } || matches([], rest) }
        guard let line = printed.first else { return false }
        let isSame = first.hasSuffix("…") ? line.hasPrefix(first.dropLast()) : line == first
        return isSame && matches(printed.dropFirst(), rest)
    }
}
