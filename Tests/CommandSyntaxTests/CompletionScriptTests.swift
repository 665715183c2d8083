import TestSupport
import Testing

@testable import CommandSyntax

@Suite struct CompletionScriptTests {
    static let bash = Tool("bash")
    static let zsh = Tool("zsh")
    static let fish = Tool("fish")
    static let programs = [
        SampleProgram.root, SampleProgram.hostile, CommandSpec("bare", summary: "does nothing", options: [.help]),
    ]

    @Test(.enabled(if: bash != nil, "bash is not installed"))
    func bashFindsTheScriptWellFormed() throws {
        for program in Self.programs {
            let (output, status) = try #require(Self.bash).run(["-n"], on: CompletionScript.bash(program))
            #expect(output == "" && status == 0)
        }
    }

    @Test(.enabled(if: zsh != nil, "zsh is not installed"))
    func zshFindsTheScriptWellFormed() throws {
        for program in Self.programs {
            let (output, status) = try #require(Self.zsh).run(["-f", "-n"], on: CompletionScript.zsh(program))
            #expect(output == "" && status == 0)
        }
    }

    @Test(.enabled(if: fish != nil, "fish is not installed"))
    func fishFindsTheScriptWellFormed() throws {
        for program in Self.programs {
            let (output, status) = try #require(Self.fish).run(["-N", "-n"], on: CompletionScript.fish(program))
            #expect(output == "" && status == 0)
        }
    }

    // MARK: - What is really offered

    /// What bash offers for the last of `words`: the words, and what the script asks of readline.
    private func bashOffers(_ words: [String], _ root: CommandSpec = SampleProgram.root) throws -> [String] {
        let name = CompletionScript.functionName(CommandPath(root: root))
        let driver = """
            compopt() { printf '%s\\n' "compopt $*"; }
            COMP_WORDS=(\(words.map(CompletionScript.quote).joined(separator: " ")))
            COMP_CWORD=\(words.count - 1)
            \(name)
            ((${#COMPREPLY[@]})) && printf '%s\\n' "${COMPREPLY[@]}"

            """
        let output = try #require(Self.bash).run(["--norc"], on: CompletionScript.bash(root) + driver).output
        return output.split(separator: "\n").map(String.init)
    }

    static let bashCases: [(words: [String], offers: [String])] = [
        (["pool", ""], ["scan", "repair", "undo", "report", "store", "bench"]),
        (["pool", "re"], ["repair", "report"]),
        (["pool", "--v"], ["--version", "--verbose"]),
        (["pool", "--db", "x", "re"], ["repair", "report"]),
        (["pool", "--db", "=", "scan", "re"], ["repair", "report"]),
        (["pool", "--db", ""], ["compopt -o default"]),
        (["pool", "scan", "--db", "="], ["compopt -o default"]),
        (["pool", "scan", ""], ["compopt -o dirnames"]),
        (["pool", "scan", "a", "b", ""], ["compopt -o dirnames"]),
        (["pool", "scan", "-j", ""], []),
        (["pool", "scan", "-xj", ""], []),
        (["pool", "scan", "-j4", ""], ["compopt -o dirnames"]),
        (["pool", "scan", "--", "-"], ["compopt -o dirnames"]),
        (["pool", "scan", "--m"], ["--max-age"]),
        (["pool", "scan", "--tr"], []),
        (["pool", "scan", "--color", "a"], ["auto", "always"]),
        (["pool", "scan", "--color", "=", "n"], ["never"]),
        (["pool", "scan", "--color", "="], ["auto", "always", "never"]),
        (["pool", "--color=n"], ["--color=never"]),
        (["pool", "repair", "-o", "clear-dirty,e"], ["clear-dirty,extend-tail"]),
        (["pool", "report", ""], ["damaged", "changes"]),
        (["pool", "report", "damaged", ""], []),
        (["pool", "store", "--wait", "merge", ""], ["prune", "merge"]),
        (["pool", "store", "merge", ""], ["compopt -o default"]),
        (["pool", "store", "prune", "--w"], ["--wait"]),
        (["pool", "nonsense", ""], []),
    ]

    @Test(.enabled(if: bash != nil, "bash is not installed"), arguments: bashCases)
    func bashOffersWhatFits(words: [String], offers: [String]) throws {
        #expect(try bashOffers(words) == offers)
    }

    @Test(.enabled(if: bash != nil, "bash is not installed"))
    func bashQuotesWhatItOffersAndRunsNoneOfIt() throws {
        let picks = try bashOffers(["od-d", "--pick", ""], SampleProgram.hostile)
        #expect(picks == ["it\\'s", "a\\ b", "\\$HOME", "x:y", "\\(z\\)", "\\[w\\]", "\\\\"])
        #expect(try bashOffers(["od-d", "--many", "$a,b"], SampleProgram.hostile) == ["$a,b\\'c"])
    }

    /// What fish offers at the end of `line`.
    private func fishOffers(_ line: String, _ root: CommandSpec = SampleProgram.root) throws -> [String] {
        let driver = "complete -C \(CompletionScript.fishQuote(line))\n"
        let output = try #require(Self.fish).run(["-N"], on: CompletionScript.fish(root) + driver).output
        return output.split(separator: "\n").map { String($0.prefix { $0 != "\t" }) }.sorted()
    }

    @Test(
        .enabled(if: fish != nil, "fish is not installed"),
        arguments: [
            ("pool re", ["repair", "report"]), ("pool --db x re", ["repair", "report"]), ("pool undo ", []),
            ("pool --color=a", ["--color=always", "--color=auto"]), ("pool scan --color n", ["never"]),
            ("pool scan -xvj ", []), ("pool store --wait merge p", ["prune"]), ("pool store prune --w", ["--wait"]),
            ("pool repair -o clear-dirty,e", ["clear-dirty,extend-tail"]), ("pool report ", ["changes", "damaged"]),
            ("pool report damaged ", []), ("pool scan --tr", []),
        ])
    func fishOffersWhatFits(line: String, offers: [String]) throws {
        #expect(try fishOffers(line) == offers)
    }

    @Test(.enabled(if: fish != nil, "fish is not installed"))
    func fishOffersHostileWordsAsTheyAre() throws {
        let picks = try fishOffers("od-d --pick ", SampleProgram.hostile)
        #expect(picks == ["$HOME", "(z)", "[w]", "\\", "a b", "it's", "x:y"])
    }
}
