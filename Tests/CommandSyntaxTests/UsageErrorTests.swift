import Testing

@testable import CommandSyntax

@Suite struct UsageErrorTests {
    static let refusals: [(line: [String], description: String)] = [
        (["scan", "--jobz", "3"], "pool scan: unknown option '--jobz'; did you mean '--jobs'?"),
        (
            ["scan", "--job", "3"],
            "pool scan: unknown option '--job' (option names cannot be abbreviated); did you mean '--jobs'?"
        ),
        (
            ["--ver"],
            "pool: unknown option '--ver' (option names cannot be abbreviated); did you mean '--version' or '--verbose'?"
        ),
        (["scan", "--version", "x"], "pool scan: unknown option '--version'"),
        (["scan", "--trac"], "pool scan: unknown option '--trac'"),
        (["scan", "--=x"], "pool scan: unknown option '--'"),
        (["scan", "--nothing-like-it"], "pool scan: unknown option '--nothing-like-it'"),
        (
            ["--jobs", "3", "scan"],
            "pool: unknown option '--jobs'; it is an option of 'pool scan' and must follow that command"
        ),
        (["scan", "-qz"], "pool scan: unknown option '-z'"),
        (["scan", "-full"], "pool scan: unknown option '-f'; did you mean '--full'?"),
        (["scan", "-max-age=3"], "pool scan: unknown option '-m'; did you mean '--max-age'?"),
        (["scan", "-q=x"], "pool scan: unknown option '-='"),
        (["scan", "-\u{E9}t"], "pool scan: unknown option '-\u{E9}'"),
        (["scan", "-5m"], "pool scan: unknown option '-5'"),
        (["scan", "-1.2.3"], "pool scan: unknown option '-1'"),
        (["bench", "-5"], "pool bench: unknown option '-5'"),
        (["scan", "--full=yes", "/p"], "pool scan: option '--full' takes no value"),
        (["scan", "--full=", "/p"], "pool scan: option '--full' takes no value"),
        (["scan", "/p", "--jobs"], "pool scan: option '--jobs' needs a value, N"),
        (["scan", "/p", "-xj"], "pool scan: option '-j' needs a value, N"),
        (["scan", "-j1", "--jobs=1", "/p"], "pool scan: option '--jobs' was given twice"),
        (["scan", "-xx", "/p"], "pool scan: option '-x' was given twice"),
        (["-q", "scan", "-q", "/p"], "pool scan: option '-q' was given twice"),
        (["scan", "--color=alway"], "pool scan: option '--color' cannot be 'alway'; did you mean 'always'?"),
        (
            ["scan", "--color", "red"],
            "pool scan: option '--color' cannot be 'red'; it must be one of auto, always, never"
        ),
        (["scan", "--color="], "pool scan: option '--color' cannot be ''; it must be one of auto, always, never"),
        (
            ["repair", "-o", "clear-dirty,extend-tial"],
            "pool repair: option '-o' cannot be 'extend-tial'; did you mean 'extend-tail'?"
        ),
        (
            ["repair", "-oclear-dirty,"],
            "pool repair: option '-o' cannot be ''; it must be one of clear-dirty, extend-tail, clone-shared"
        ),
        (["report", "damagd"], "pool report: operand NAME cannot be 'damagd'; did you mean 'damaged'?"),
        (["report", "damaged", "changes"], "pool report: unexpected operand 'changes'"),
        (["store", "prune", "x"], "pool store prune: unexpected operand 'x'"),
        (["scan"], "pool scan: operand PATH is missing"),
        (["undo", "--"], "pool undo: operand REPAIR-ID is missing"),
        ([], "pool: a command is missing"),
        (["-q"], "pool: a command is missing"),
        (["store"], "pool store: a command is missing"),
        (["scna"], "pool: unknown command 'scna'; did you mean 'scan'?"),
        (["rep"], "pool: unknown command 'rep'; did you mean 'repair' or 'report'?"),
        (["store", "purne"], "pool store: unknown command 'purne'; did you mean 'prune'?"),
        (["frobnicate"], "pool: unknown command 'frobnicate'"),
        ([""], "pool: unknown command ''"),
        (["scan", "--bogus", "--help"], "pool scan: unknown option '--bogus'"),
        (["sc\u{1B}[31man"], "pool: unknown command 'sc\\x1b[31man'"),
        (["scan", "--a\u{7}"], "pool scan: unknown option '--a\\x07'"),
    ]

    @Test(arguments: refusals)
    func refusalSaysWhatIsWrongAndWhatMayBeMeant(line: [String], description: String) throws {
        let error = try #require(throws: UsageError.self) { try SampleProgram.parser.parse(line) }
        #expect(error.description == description)
    }

    @Test func hintNamesTheCommandConcerned() throws {
        let error = try #require(throws: UsageError.self) { try SampleProgram.parser.parse(["store", "prune", "-j"]) }
        #expect(error.hint == "Try 'pool store prune --help'.")
    }

    @Test func bytesThatAreNotTextAreEscaped() throws {
        let odd = RawArgument(bytes: [0x2D, 0x2D, 0xFF, 0x3D])
        let long = try #require(throws: UsageError.self) { try SampleProgram.parser.parse([odd]) }
        #expect(long.message == "unknown option '--\\xff'")
        let short = try #require(throws: UsageError.self) {
            try SampleProgram.parser.parse([RawArgument(bytes: [0x2D, 0xC3])])
        }
        #expect(short.message == "unknown option '-\\xc3'")
    }

    @Test func absurdlyLongWordIsRefusedLikeAnyOther() throws {
        let long = String(repeating: "x", count: 200_000)
        let error = try #require(throws: UsageError.self) { try SampleProgram.parser.parse(["--" + long]) }
        #expect(error.message == "unknown option '--\(long)'")
    }

    @Test func wordsFindACommandOrSuggestOne() throws {
        let path = try CommandPath(root: SampleProgram.root, words: [RawArgument("store"), RawArgument("prune")])
        #expect(path.title == "pool store prune")
        let error = try #require(throws: UsageError.self) {
            try CommandPath(root: SampleProgram.root, words: [RawArgument("store"), RawArgument("merg")])
        }
        #expect(error.description == "pool store: unknown command 'merg'; did you mean 'merge'?")
    }

    @Test(arguments: [("ab", "ab", 0), ("ab", "ba", 1), ("", "abc", 3), ("kitten", "sitting", 3), ("a", "", 1)])
    func editDistanceCountsTypingErrors(a: String, b: String, distance: Int) {
        #expect(Suggestion.editDistance(Array(a), Array(b)) == distance)
        #expect(Suggestion.editDistance(Array(b), Array(a)) == distance)
    }
}
