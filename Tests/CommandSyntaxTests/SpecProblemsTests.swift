import Testing

@testable import CommandSyntax

@Suite struct SpecProblemsTests {
    private func problems(
        options: [OptionSpec] = [.help], operands: [OperandSpec] = [], subcommands: [CommandSpec] = []
    ) -> [String] {
        CommandSpec("p", summary: "s", options: options, operands: operands, subcommands: subcommands).problems
    }

    @Test func soundTreesHaveNoProblems() {
        #expect(SampleProgram.root.problems.isEmpty)
        #expect(SampleProgram.hostile.problems.isEmpty)
    }

    @Test func rootWithoutHelpIsAProblem() {
        #expect(problems(options: []) == ["p: the root must declare the inherited flag --help"])
    }

    @Test func nameTakenTwiceIsAProblem() {
        let again = OptionSpec("again", short: "h", help: "")
        #expect(problems(options: [.help, again]) == ["p: '-h' is declared twice"])
        let below = CommandSpec("c", summary: "", options: [OptionSpec("help", help: "")])
        #expect(problems(subcommands: [below]) == ["p c: '--help' is declared twice"])
        let twin = CommandSpec("c", summary: "")
        #expect(problems(subcommands: [twin, twin]) == ["p: command 'c' is declared twice"])
        let operand = OperandSpec("X", help: "")
        #expect(problems(operands: [operand, operand]) == ["p: operand 'X' is declared twice"])
    }

    @Test(arguments: ["", "-x", "a=b", "a b", "\u{E9}"])
    func unusableNameIsAProblem(_ name: String) {
        #expect(problems(options: [.help, OptionSpec(name, help: "")]) == ["p: '\(name)' is not a name"])
    }

    @Test func unusableShortOptionIsAProblem() {
        #expect(problems(options: [.help, OptionSpec("x", short: "-", help: "")]) == ["p: '--' is not a short option"])
    }

    @Test func helpInSeveralLinesIsAProblem() {
        #expect(problems(options: [.help, OptionSpec("x", help: "a\nb")]).count == 1)
    }

    @Test func operandsThatCannotBeToldApartAreAProblem() {
        let many = OperandSpec("A", help: "", repeating: true)
        let maybe = OperandSpec("B", help: "", optional: true)
        let one = OperandSpec("C", help: "")
        #expect(problems(operands: [many, one]) == ["p: only the last operand may repeat"])
        #expect(problems(operands: [maybe, one]) == ["p: C follows an optional operand"])
        #expect(
            problems(operands: [one], subcommands: [CommandSpec("c", summary: "")])
                == ["p: operands and subcommands exclude each other"])
    }

    @Test func flagWithAKindOfValueIsAProblem() {
        #expect(
            problems(options: [.help, OptionSpec("x", kind: .file, help: "")])
                == ["p: the flag --x has no value to describe"])
    }

    @Test func parserRefusesAnUnsoundTree() async {
        await #expect(processExitsWith: .failure) {
            _ = CommandParser(CommandSpec("p", summary: "", options: []))
        }
    }
}
