import Testing

@testable import CommandSyntax

@Suite struct HelpTextTests {
    private func help(_ words: String..., width: Int) throws -> String {
        HelpText(try CommandPath(root: SampleProgram.root, words: words.map { RawArgument($0) })).render(width: width)
    }

    @Test func helpOfACommandIsLaidOutToTheWidth() throws {
        let expected = """
            Usage: pool scan [OPTION...] PATH...

            check the images of a pool

            Results that still hold are reused, unless --full is given.

            Operands:
              PATH...  where to look

            Options:
              -j, --jobs N           check N images at once (default: 16)
                  --full             check every image, whatever the store knows about it
                                     from earlier scans
              -x, --one-file-system  stay on one file system
                  --exclude GLOB     leave out what matches (may be repeated)
              -a, --max-age TIME     trust results for TIME
                  --budget SIZE      read at most SIZE

            Common options:
                  --db FILE     the store (default: pool.db)
              -q, --quiet       print problems only
              -v, --verbose     say more (may be repeated)
                  --color WHEN  colour the output (one of: auto, always, never; default:
                                auto)
              -h, --help        show this help and exit

            Examples:
              pool scan -j 8 /srv/images
                  Checks all images below /srv/images, eight at once.

            """
        #expect(try help("scan", width: 80) == expected)
    }

    @Test func helpOfAGroupListsItsCommands() throws {
        let expected = """
            Usage: pool store [OPTION...] COMMAND [ARGUMENT...]

            look after the store

            Commands:
              prune  forget old results
              merge  take in another store

            Common options:
            """
        #expect(try help("store", width: 80).hasPrefix(expected))
    }

    @Test func choicesOfAnOperandAreShown() throws {
        #expect(try help("report", width: 80).contains("\n  [NAME]  which one (one of: damaged, changes)\n"))
    }

    @Test(arguments: [40, 50, 72, 100, 200])
    func noLineIsWiderThanAsked(_ width: Int) throws {
        for path in CommandPath(root: SampleProgram.root).depthFirst {
            for line in HelpText(path).render(width: width).split(separator: "\n") {
                #expect(line.count <= width, "\(line)")
            }
        }
    }

    @Test(arguments: [Int.min, -1, 0, 39])
    func anAbsurdWidthCountsAs40(_ width: Int) throws {
        #expect(try help("scan", width: width) == help("scan", width: 40))
    }

    @Test func theMeaningOfALongTermIsBelowIt() throws {
        let lines = try help("scan", width: 50).split(separator: "\n")
        let index = try #require(lines.firstIndex(of: "  -x, --one-file-system"))
        #expect(lines[index + 1] == "                stay on one file system")
    }

    @Test func noLineEndsInBlanks() throws {
        for path in CommandPath(root: SampleProgram.root).depthFirst {
            #expect(!HelpText(path).render(width: 60).contains(" \n"))
        }
    }

    @Test func hiddenOptionIsNotShown() throws {
        #expect(try !help("scan", width: 80).contains("--trace"))
    }

    @Test func defaultFromTheEnvironmentIsEscaped() {
        let option = OptionSpec("db", value: "FILE", help: "the store", default: "/home/\u{1B}[2J")
        #expect(option.fullHelp == "the store (default: /home/\\x1b[2J)")
    }
}
