import CommandSyntax
import TestSupport
import Testing

@testable import qedscan

/// Help, the manual page, completions.
@Suite(.endsInTime) struct ManualTests {
    private static let shells = ["bash", "zsh", "fish"]

    private let fixture: ScanFixture

    init() throws { fixture = try ScanFixture() }

    @Test(arguments: Program.spec.subcommands.map(\.name)) func eachCommandHasHelp(_ name: String) async throws {
        let help = try await fixture.run("help", name)
        #expect(help.status == 0)
        #expect(help.output.contains("qedscan \(name)"))
        #expect(try await fixture.run(name, "--help").output == help.output)
    }

    @Test func theProgramAloneShowsItsCommands() async throws {
        let help = try await fixture.run("--help")
        #expect(help.status == 0)
        for command in Program.spec.subcommands { #expect(help.output.contains(command.name)) }
        #expect(try await fixture.run().status == 16)
        #expect(try await fixture.run("help").output == help.output)
    }

    @Test func versionNamesTheProgram() async throws {
        let result = try await fixture.run("version")
        #expect(result.status == 0)
        #expect(result.output.hasPrefix("qedscan \(Release.version)"))
    }

    @Test func manualPageIsCleanMdoc() async throws {
        let page = try await fixture.run("man")
        #expect(page.status == 0)
        guard let mandoc = Tool("mandoc") else { try Test.cancel("mandoc is not installed") }
        let result = try await mandoc.run(["-Tlint", "-W", "warning"], input: page.output)
        #expect((result.status, result.output) == (0, ""))
    }

    @Test(
        .enabled(if: ManualTests.shells.allSatisfy { Tool($0) != nil }, "bash, zsh or fish is not installed"),
        arguments: ManualTests.shells)
    func completionsAreValidShell(_ name: String) async throws {
        let script = try await fixture.run("completions", name)
        #expect(script.status == 0)
        let shell = try #require(Tool(name))
        let result = try await shell.run(["-n"], input: script.output)
        #expect((result.status, result.errors) == (0, ""))
    }
}
