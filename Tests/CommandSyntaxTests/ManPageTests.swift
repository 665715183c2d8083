import TestSupport
import Testing

@testable import CommandSyntax

@Suite struct ManPageTests {
    static let mandoc = Tool("mandoc")

    static let sections = ManSections(
        environment: [.init("POOL_DB", "The store. See --db."), .init("Ar", "'odd' .")],
        files: [.init("/var/lib/pool/pool.db", "The store of root.")],
        exitStatus: [.init("0", "All is well."), .init("16", "The command line made no sense.")],
        seeAlso: [.init("qemu-img", 1), .init("cron", 8), .init("cat", 1)])

    /// What mandoc complains about, apart from pages that this machine hasn't got.
    private func complaints(_ root: CommandSpec, sections: ManSections = sections) throws -> [Substring] {
        let page = ManPage(root, date: "2025-11-22", sections: sections).render()
        return try #require(Self.mandoc).run(["-Tlint"], on: page).output.split(separator: "\n")
            .filter { !$0.contains("referenced manual not found") && !$0.contains("outdated mandoc.db") }
    }

    /// The page as plain text.
    private func shown(_ root: CommandSpec) throws -> String {
        let page = ManPage(root, date: "2025-11-22", sections: Self.sections).render()
        let text = try #require(Self.mandoc).run(["-Tutf8", "-Owidth=200"], on: page).output
        // Bold and underlined letters are overstruck.
        return text.replacing(/.\u{8}/.matchingSemantics(.unicodeScalar), with: "")
    }

    @Test(.enabled(if: mandoc != nil, "mandoc is not installed"))
    func mandocFindsNothingToComplainAbout() throws {
        let single = CommandSpec(
            "one", summary: "does one thing", options: [.help], operands: [OperandSpec("X", help: "the thing")])
        let found = [
            try complaints(SampleProgram.root), try complaints(SampleProgram.hostile),
            try complaints(SampleProgram.hostile, sections: ManSections()), try complaints(single),
        ]
        #expect(found.flatMap { $0 } == [], "\(found)")
    }

    @Test(.enabled(if: mandoc != nil, "mandoc is not installed"))
    func mandocComplainsAboutABrokenPage() throws {
        #expect(try #require(Self.mandoc).run(["-Tlint"], on: ".Sh DESCRIPTION\n.Fo bar. Baz").status != 0)
    }

    @Test(
        .enabled(if: mandoc != nil, "mandoc is not installed"),
        arguments: [
            "pool scan [option ...] PATH ...", "pool repair [option ...] [IMAGE ...]", "pool store prune [option ...]",
            "--version", "--db FILE", "-q, --quiet", "-j, --jobs N", "-o, --only ACTION,...", "--wait TIME",
            "   store\n     Look after the store.\n", "   store merge\n     Take in another store.\n",
            "which one (one of: damaged, changes)", "POOL_DB", "/var/lib/pool/pool.db",
            "16      The command line made no sense.", "           pool scan -j 8 /srv/images\n",
            "cat(1), qemu-img(1), cron(8)", "November 22, 2025",
        ])
    func thePageListsEverything(_ detail: String) throws {
        #expect(try shown(SampleProgram.root).contains(detail))
    }

    @Test(
        .enabled(if: mandoc != nil, "mandoc is not installed"),
        arguments: [
            "od-d \u{2013} it's \"odd\": [a] $b `c` \\d %e ~ ^\n", "     od-d Nm [option ...] Op:[x]'\n",
            "     .starts like a request. 'so does this', \\fBsays\\fR (he.)  Ends with a caf\u{E9} \u{2014} or two.\n",
            "     -F, --Ar K/N:[x]'\"\n", "     --pick Ar\n", ".It's [odd]: $(date) `date` \\n \"x\"\n",
            "pick (one of: it's, a b, $HOME, x:y, (z), [w], \\)\n", "   Nm\n     Takes '[x]': $y.\n",
            "           od-d Nm -- '-x' \"$y\" \\z\n", "     Ar      'odd' .\n",
        ])
    func hostileTextIsShownAsItIs(_ text: String) throws {
        #expect(try shown(SampleProgram.hostile).contains(text))
    }

    @Test func aHiddenOptionIsNotListed() {
        #expect(!ManPage(SampleProgram.root, date: "2025-11-22").render().contains("trace"))
    }

    @Test func emptySectionsAreLeftOut() {
        let page = ManPage(SampleProgram.root, date: "2025-11-22").render()
        for title in ["ENVIRONMENT", "FILES", "EXIT STATUS", "SEE ALSO"] {
            #expect(!page.contains(".Sh \(title)"))
        }
        #expect(page.contains(".Sh EXAMPLES"))
    }

    @Test(arguments: [("2025-01-02", "January 2, 2025"), ("2025-13-02", "2025-13-02"), ("today", "today")])
    func theDateIsSpelledOut(date: String, spelt: String) {
        #expect(ManPage(SampleProgram.root, date: date).render().hasPrefix(".Dd \(spelt)\n.Dt POOL 1\n"))
    }
}
