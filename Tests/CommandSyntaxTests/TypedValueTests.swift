import Testing

@testable import CommandSyntax

@Suite struct TypedValueTests {
    private func scan(_ option: String) throws -> ParsedCommand {
        try SampleProgram.parser.parse(["scan", option, "/p"])
    }

    private func message(_ body: () throws -> Void) throws -> String {
        try #require(throws: UsageError.self) { try body() }.description
    }

    @Test func absentOptionIsNil() throws {
        let parsed = try scan("--full")
        #expect(try parsed.integer(of: "jobs", in: 1...9) == nil)
        #expect(try parsed.duration(of: "max-age") == nil)
        #expect(try parsed.byteCount(of: "budget") == nil)
        #expect(try parsed.choice(of: "color", as: Color.self) == nil)
    }

    @Test func anIntegerWithinItsRangeIsAccepted() throws {
        #expect(try scan("-j1").integer(of: "jobs", in: 1...256) == 1)
        #expect(try scan("-j256").integer(of: "jobs", in: 1...256) == 256)
        #expect(try scan("-j-3").integer(of: "jobs", in: -5...5) == -3)
    }

    @Test(arguments: ["0", "257", "", "x", "4x", "1.5", " 4", "99999999999999999999"])
    func integerOutsideItsRangeNamesOptionAndValue(_ value: String) throws {
        let parsed = try scan("--jobs=\(value)")
        let text = try message { _ = try parsed.integer(of: "jobs", in: 1...256) }
        #expect(text == "pool scan: option '--jobs': '\(value)' is not a whole number from 1 to 256")
    }

    @Test func integerOperandIsCheckedToo() throws {
        #expect(try SampleProgram.parser.parse(["undo", "7"]).integers(ofOperand: "REPAIR-ID", in: 1...Int.max) == [7])
        let parsed = try SampleProgram.parser.parse(["undo", "-7"])
        let text = try message { _ = try parsed.integers(ofOperand: "REPAIR-ID", in: 1...Int.max) }
        #expect(text == "pool undo: operand REPAIR-ID: '-7' is not a whole number of 1 or more")
    }

    @Test(arguments: [("0", 0), ("90", 90), ("90s", 90), ("10m", 600), ("2h", 7200), ("7d", 604_800), ("007", 7)])
    func durationCountsSeconds(value: String, seconds: Int) throws {
        #expect(try scan("--max-age=\(value)").duration(of: "max-age") == .seconds(seconds))
    }

    @Test(arguments: ["", "s", "-1", "+1", "1.5h", "1w", "1 m", "1hm", "1M", "\u{661}s"])
    func malformedDurationIsRefused(_ value: String) throws {
        let parsed = try scan("--max-age=\(value)")
        let text = try message { _ = try parsed.duration(of: "max-age") }
        #expect(
            text == "pool scan: option '--max-age': '\(value)' is not a time such as 90s, 10m, 2h or 7d")
    }

    @Test(arguments: [
        ("0", 0), ("4096", 4096), ("64K", 65_536), ("64k", 65_536), ("1M", 1 << 20), ("2G", 2 << 30), ("1T", 1 << 40),
        ("9223372036854775807", Int.max), ("8388607T", 8_388_607 << 40),
    ])
    func byteCountCountsInPowersOf1024(value: String, bytes: Int) throws {
        #expect(try scan("--budget=\(value)").byteCount(of: "budget") == bytes)
    }

    @Test(arguments: ["9223372036854775808", "8388608T", "99999999999999999999999999K"])
    func quantityBeyondAnyMachineIsTooLarge(_ value: String) throws {
        let parsed = try scan("--budget=\(value)")
        let text = try message { _ = try parsed.byteCount(of: "budget") }
        #expect(text == "pool scan: option '--budget': '\(value)' is too large")
        let other = try scan("--max-age=9223372036854775807d")
        #expect(try message { _ = try other.duration(of: "max-age") }.hasSuffix("is too large"))
    }

    @Test func longestDurationDoesNotTrap() throws {
        #expect(try scan("--max-age=9223372036854775807").duration(of: "max-age") == .seconds(Int64.max))
    }

    @Test func choicesBecomeCases() throws {
        #expect(try scan("--color=never").choice(of: "color", as: Color.self) == .never)
        let parsed = try SampleProgram.parser.parse(["repair", "-o", "extend-tail,clear-dirty"])
        #expect(try parsed.choices(of: "only", as: RepairAction.self) == [.extendTail, .clearDirty])
    }

    @Test func choiceOutsideTheEnumerationIsRefused() throws {
        let parsed = try scan("--exclude=nevr")
        let text = try message { _ = try parsed.choice(of: "exclude", as: Color.self) }
        #expect(
            text
                == "pool scan: option '--exclude': 'nevr' is not one of auto, always, never; did you mean 'never'?")
    }

    @Test func refusedValueIsEscaped() throws {
        let parsed = try SampleProgram.parser.parse([
            RawArgument("scan"), RawArgument(bytes: Array("-j".utf8) + [0x1B, 0xFE]), RawArgument("/p"),
        ])
        let text = try message { _ = try parsed.integer(of: "jobs", in: 1...2) }
        #expect(text.contains("'\\x1b\\xfe'"))
    }

    @Test func commandCanRefuseAValueItself() throws {
        let parsed = try scan("--exclude=[")
        let error = parsed.refusal(of: RawArgument("["), option: "exclude", because: "is no pattern")
        #expect(error.description == "pool scan: option '--exclude': '[' is no pattern")
    }
}
