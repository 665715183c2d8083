import CommandSyntax
import TestSupport
import Testing

@testable import qedscan

/// The command lines that are shipped: in the unit, with what its settings put into it, and in the example for cron.
@Suite(.endsInTime) struct CommandLineTests {
    @Test func unitGivesOnlyOptionsThatTheProgramKnows() async throws {
        let installation = try await Installation()
        let unit = UnitFile(try installation.text("lib/systemd/system/qedscan-scan@.service"))
        let example = VariableFile(try installation.text("share/doc/qedscan/examples/POOL.conf"))
        let paths = try #require(example.values["QEDSCAN_PATHS"]?.first)
        let defaults = try #require(
            unit.values("Environment").compactMap { $0.firstMatch(of: /"QEDSCAN_OPTIONS=(.*)"/) }.first)
        let choices = try #require(example.values["QEDSCAN_OPTIONS"])
        #expect(!choices.isEmpty)

        let line = try #require(unit.value("ExecStart"))
        let wrapper = installation.file("libexec/qedscan/silence-is-success") + " " + installation.file("bin/qedscan ")
        #expect(line.hasPrefix(wrapper))
        for options in [String(defaults.1)] + choices {
            let arguments = line.dropFirst(wrapper.count).split(separator: " ").flatMap { word in
                switch word {
                case "$QEDSCAN_OPTIONS": options.split(separator: " ").map(String.init)
                case "$QEDSCAN_PATHS": paths.split(separator: " ").map(String.init)
                default: [String(word)]
                }
            }
            try expectUnattendedScan(arguments, of: ["/srv/vm"])
        }
    }

    @Test func cronExampleGivesOnlyOptionsThatTheProgramKnows() async throws {
        let installation = try await Installation()
        let text = try installation.text("share/doc/qedscan/examples/cron/qedscan")
        let jobs = text.split(separator: "\n").filter { !$0.hasPrefix("#") }
        #expect(jobs.count == 1)
        let words = try #require(jobs.first).split(separator: " ").map(String.init)
        // Minute, hour, day, month, weekday, user.
        #expect(words.prefix(5).allSatisfy { $0.wholeMatch(of: /[0-9*]+/) != nil })
        #expect(words[5] == "root")
        let program = try #require(words.firstIndex(of: installation.file("bin/qedscan")))
        try expectUnattendedScan(Array(words[(program + 1)...]), of: ["/srv/vm"])
    }

    /// A command line that both the parser and the command accept, that is silent when all is well and repairs nothing.
    private func expectUnattendedScan(_ arguments: [String], of paths: [String]) throws {
        let parsed = try CommandParser(Program.spec).parse(arguments)
        #expect(parsed.names == ["scan"])
        #expect(parsed.has("quiet"))
        #expect(parsed.operands.map(\.text) == paths)
        _ = try ScanCommand(parsed)
    }
}
