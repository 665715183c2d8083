import Testing

@testable import CommandSyntax

@Suite struct ParserTests {
    /// A command line, the command it calls, its options as `name` or `name=value`, its operands.
    struct Case: Sendable, CustomTestStringConvertible {
        let line: [String]
        let names: [String]
        let options: [String]
        let operands: [String]

        init(_ line: [String], _ names: [String], _ options: [String], _ operands: [String]) {
            (self.line, self.names, self.options, self.operands) = (line, names, options, operands)
        }

        var testDescription: String { line.joined(separator: " ") }
    }

    static let understood = [
        Case(["scan", "/p"], ["scan"], [], ["/p"]),
        Case(["scan", "/p", "/q", "/r"], ["scan"], [], ["/p", "/q", "/r"]),
        Case(["scan", "--jobs=4", "/p"], ["scan"], ["jobs=4"], ["/p"]),
        Case(["scan", "--jobs", "4", "/p"], ["scan"], ["jobs=4"], ["/p"]),
        Case(["scan", "-j4", "/p"], ["scan"], ["jobs=4"], ["/p"]),
        Case(["scan", "-j", "4", "/p"], ["scan"], ["jobs=4"], ["/p"]),
        Case(["scan", "-j=4", "/p"], ["scan"], ["jobs==4"], ["/p"]),
        Case(["scan", "-xqj4", "/p"], ["scan"], ["one-file-system", "quiet", "jobs=4"], ["/p"]),
        Case(["scan", "-xqj", "4", "/p"], ["scan"], ["one-file-system", "quiet", "jobs=4"], ["/p"]),
        Case(["scan", "/p", "--full", "/q", "-x"], ["scan"], ["full", "one-file-system"], ["/p", "/q"]),
        Case(["scan", "--full", "--", "--jobs", "-j"], ["scan"], ["full"], ["--jobs", "-j"]),
        Case(["scan", "--", "--"], ["scan"], [], ["--"]),
        Case(["scan", "--exclude", "--", "/p"], ["scan"], ["exclude=--"], ["/p"]),
        Case(["scan", "--exclude", "--full", "/p"], ["scan"], ["exclude=--full"], ["/p"]),
        Case(["scan", "--exclude", "-x", "-j", "-1", "/p"], ["scan"], ["exclude=-x", "jobs=-1"], ["/p"]),
        Case(["scan", "--exclude=-x", "-j-1", "/p"], ["scan"], ["exclude=-x", "jobs=-1"], ["/p"]),
        Case(["scan", "--exclude=a=b", "--exclude=", "/p"], ["scan"], ["exclude=a=b", "exclude="], ["/p"]),
        Case(["scan", "--exclude", "", "/p"], ["scan"], ["exclude="], ["/p"]),
        Case(["scan", "-vqvv", "/p"], ["scan"], ["verbose", "quiet", "verbose", "verbose"], ["/p"]),
        Case(["scan", "-", "-5", "-.5", "-1.25"], ["scan"], [], ["-", "-5", "-.5", "-1.25"]),
        Case(["scan", ""], ["scan"], [], [""]),
        Case(["scan", "scan"], ["scan"], [], ["scan"]),
        Case(["scan", "--trace", "/p"], ["scan"], ["trace"], ["/p"]),
        Case(["--db", "x", "-q", "scan", "/p"], ["scan"], ["db=x", "quiet"], ["/p"]),
        Case(["scan", "/p", "--db=x"], ["scan"], ["db=x"], ["/p"]),
        Case(["--version", "scan", "/p"], ["scan"], ["version"], ["/p"]),
        Case(["--", "scan", "-q"], ["scan"], [], ["-q"]),
        Case(["repair"], ["repair"], [], []),
        Case(["repair", "--only=clear-dirty,extend-tail"], ["repair"], ["only=clear-dirty,extend-tail"], []),
        Case(["report"], ["report"], [], []),
        Case(["report", "damaged"], ["report"], [], ["damaged"]),
        Case(["store", "prune"], ["store", "prune"], [], []),
        Case(["store", "--wait", "5", "-q", "prune"], ["store", "prune"], ["wait=5", "quiet"], []),
        Case(["store", "prune", "--wait=5"], ["store", "prune"], ["wait=5"], []),
        Case(["bench", "-0", "x"], ["bench"], ["null"], ["x"]),
    ]

    @Test(arguments: understood)
    func aCommandLineIsParsedAsGNUWould(_ expected: Case) throws {
        let parsed = try SampleProgram.parser.parse(expected.line)
        #expect(parsed.names == expected.names)
        #expect(rendered(parsed) == expected.options)
        #expect(parsed.operands.map(\.text) == expected.operands)
        #expect(!parsed.helpRequested)
    }

    @Test(arguments: [
        ["--help"], ["-h"], ["scan", "-h"], ["--help", "scan"], ["scan", "/p", "--help"], ["scan", "-qh"],
        ["store", "--help"], ["--help", "--help"], ["scan", "--help", "--bogus"], ["report", "-h", "a", "b", "c"],
        ["-h", "bogus"],
    ])
    func helpIsShownWhateverIsMissing(_ line: [String]) throws {
        #expect(try SampleProgram.parser.parse(line).helpRequested)
    }

    @Test func helpKnowsTheCommandItWasAskedFor() throws {
        #expect(try SampleProgram.parser.parse(["--help", "store", "prune"]).names == ["store", "prune"])
        #expect(try SampleProgram.parser.parse(["--help"]).names.isEmpty)
    }

    @Test func helpAfterTheEndOfOptionsIsAnOperand() throws {
        let parsed = try SampleProgram.parser.parse(["scan", "--", "--help"])
        #expect(!parsed.helpRequested)
        #expect(parsed.operands == [RawArgument("--help")])
    }

    @Test func helpAsAnOptionsValueIsTheValue() throws {
        let parsed = try SampleProgram.parser.parse(["scan", "--exclude", "--help", "/p"])
        #expect(!parsed.helpRequested)
        #expect(parsed.value(of: "exclude") == RawArgument("--help"))
    }

    @Test func bytesThatAreNotTextComeThroughUnchanged() throws {
        let name: [UInt8] = [0x2F, 0xFF, 0xC3, 0x28, 0x0A]
        let parsed = try SampleProgram.parser.parse([
            RawArgument("scan"), RawArgument(bytes: name), RawArgument(bytes: Array("--exclude=".utf8) + name),
            RawArgument("--db"), RawArgument(bytes: name), RawArgument(bytes: Array("-j".utf8) + name),
        ])
        #expect(parsed.operands.map(\.bytes) == [name])
        #expect(parsed.value(of: "exclude")?.bytes == name)
        #expect(parsed.value(of: "db")?.bytes == name)
        #expect(parsed.value(of: "jobs")?.bytes == name)
    }

    @Test func valuesCountsAndOperandsAreAvailable() throws {
        let parsed = try SampleProgram.parser.parse(["scan", "--exclude=a", "--exclude=b", "-vv", "/p", "/q"])
        #expect(parsed.values(of: "exclude").map(\.text) == ["a", "b"])
        #expect(parsed.value(of: "exclude")?.text == "b")
        #expect(parsed.count(of: "verbose") == 2)
        #expect(parsed.has("verbose") && !parsed.has("quiet") && !parsed.has("version"))
        #expect(parsed.value(of: "jobs") == nil && parsed.values(of: "jobs").isEmpty)
        #expect(parsed.operands(named: "PATH").map(\.text) == ["/p", "/q"])
        #expect(parsed.operand("PATH")?.text == "/p")
        #expect(try SampleProgram.parser.parse(["report"]).operand("NAME") == nil)
    }

    @Test func aListIsSplit() throws {
        let parsed = try SampleProgram.parser.parse(["repair", "-o", "clear-dirty,extend-tail"])
        #expect(parsed.values(of: "only").map(\.text) == ["clear-dirty", "extend-tail"])
    }

    @Test func askingForAnUndeclaredOptionIsAProgrammingError() async {
        await #expect(processExitsWith: .failure) {
            _ = try SampleProgram.parser.parse(["undo", "1"]).has("jobs")
        }
        await #expect(processExitsWith: .failure) {
            _ = try SampleProgram.parser.parse(["undo", "1"]).value(of: "quiet")
        }
        await #expect(processExitsWith: .failure) {
            _ = try SampleProgram.parser.parse(["undo", "1"]).operand("PATH")
        }
    }

    private func rendered(_ parsed: ParsedCommand) -> [String] {
        parsed.occurrences.map { $0.name + ($0.value.map { "=" + $0.text } ?? "") }
    }
}
