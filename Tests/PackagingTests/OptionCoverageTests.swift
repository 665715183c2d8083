import CommandSyntax
import Foundation
import TestSupport
import Testing

@testable import qedscan

/// Help, manual page and completions tell the same options of each command: those of the table.
@Suite(.endsInTime) struct OptionCoverageTests {
    private static let paths = CommandPath(root: Program.spec).depthFirst

    private let program: Tool

    init() throws { program = try #require(Tool.built("qedscan"), "the program is not built") }

    /// The long options that a command takes.
    private static func options(_ path: CommandPath) -> [String] {
        let inherited = path.ancestors.flatMap(\.options).filter(\.isInherited)
        return (path.command.options + inherited).filter { !$0.isHidden }.map { "--\($0.name)" }.sorted()
    }

    @Test func helpListsAllOptions() async throws {
        for path in Self.paths {
            let help = try await program.run(path.names + ["--help"])
            let told = help.output.matches(of: /(?m)^ +(?:-[A-Za-z], )?(--[a-z-]+)/).map { String($0.1) }
            #expect(Set(told) == Set(Self.options(path)), "\(path.title)")
        }
    }

    @Test func manualPageListsAllOptionsOfEachCommand() async throws {
        let page = try await program.run(["man"]).output.replacing("\\-", with: "-").replacing("\\&", with: "")
        let sections = page.components(separatedBy: "\n.Ss ")
        for path in Self.paths {
            let heading = path.names.joined(separator: " ")
            let section = sections.first { $0.hasPrefix(heading + "\n") || $0.hasPrefix("\"\(heading)\"\n") }
            let text = try #require(path.names.isEmpty ? sections.first : section, "no section for \(path.title)")
            for option in path.command.options where !option.isHidden {
                let item = text.split(separator: "\n").first { line in
                    line.hasPrefix(".It Fl ")
                        && line.split(separator: " ").contains("-\(option.name)")
                }
                #expect(item != nil, "\(path.title) --\(option.name)")
            }
        }
    }

    @Test(.enabled(if: Tool("bash") != nil, "bash is not installed")) func bashOffersAllOptions() async throws {
        let bash = try #require(Tool("bash"))
        var script = try await program.run(["completions", "bash"]).output
        for path in Self.paths {
            let words = ["qedscan"] + path.names + ["--"]
            script += """
                COMP_WORDS=(\(words.joined(separator: " "))); COMP_CWORD=\(words.count - 1); _qedscan
                echo "${COMPREPLY[*]}"

                """
        }
        let lines = try await bash.run(["--norc"], input: script).output.split(
            separator: "\n", omittingEmptySubsequences: false)
        for (path, line) in zip(Self.paths, lines) {
            #expect(line.split(separator: " ").map(String.init).sorted() == Self.options(path), "\(path.title)")
        }
        #expect(lines.count == Self.paths.count + 1)
    }

    @Test(.enabled(if: Tool("fish") != nil, "fish is not installed")) func fishOffersAllOptions() async throws {
        let fish = try #require(Tool("fish"))
        let home = try TemporaryDirectory()
        let script = try await program.run(["completions", "fish"]).output
        for path in Self.paths {
            let line = (["qedscan"] + path.names + ["--"]).joined(separator: " ")
            let result = try await fish.run(
                ["-N"], environment: ["HOME": home.path], input: script + "complete -C '\(line)'\n")
            let offers = result.output.split(separator: "\n").map { String($0.prefix { $0 != "\t" && $0 != "=" }) }
            #expect(Set(offers) == Set(Self.options(path)), "\(path.title): \(result.errors)")
        }
    }

    @Test func zshKnowsAllOptions() async throws {
        let script = try await program.run(["completions", "zsh"]).output
        for path in Self.paths {
            let name = "_" + path.title.replacing(" ", with: "__").replacing("-", with: "_")
            let start = try #require(script.range(of: "\n\(name)() {\n"), "no function \(name)")
            let end = try #require(script.range(of: "\n}\n", range: start.upperBound..<script.endIndex))
            let body = script[start.upperBound..<end.lowerBound]
            let told = body.matches(of: /(?m)^ +'[^']*'(?:\{-.[+]?,)?(--[a-z-]+)/).map { String($0.1) }
            #expect(Set(told) == Set(Self.options(path)), "\(path.title)")
        }
    }
}
