@testable import CommandSyntax

enum Color: String, CaseIterable { case auto, always, never }

enum RepairAction: String, CaseIterable {
    case clearDirty = "clear-dirty"
    case extendTail = "extend-tail"
    case cloneShared = "clone-shared"
}

/// A program with one of everything.
enum SampleProgram {
    static let root = CommandSpec(
        "pool", summary: "look after a pool of images",
        discussion: [
            "The pool is a tree of directories. Each image in it is checked, and what was found is kept in a store."
        ],
        options: [
            OptionSpec("version", help: "show the version"),
            OptionSpec("db", value: "FILE", kind: .file, help: "the store", default: "pool.db", inherited: true),
            OptionSpec("quiet", short: "q", help: "print problems only", inherited: true),
            OptionSpec("verbose", short: "v", help: "say more", repeatable: true, inherited: true),
            OptionSpec(
                "color", value: "WHEN", kind: .oneOf(cases: Color.self), help: "colour the output", default: "auto",
                inherited: true),
            .help,
        ],
        subcommands: [scan, repair, undo, report, store, bench])

    static let scan = CommandSpec(
        "scan", summary: "check the images of a pool",
        discussion: ["Results that still hold are reused, unless --full is given."],
        options: [
            OptionSpec("jobs", short: "j", value: "N", help: "check N images at once", default: "16"),
            OptionSpec("full", help: "check every image, whatever the store knows about it from earlier scans"),
            OptionSpec("one-file-system", short: "x", help: "stay on one file system"),
            OptionSpec("exclude", value: "GLOB", help: "leave out what matches", repeatable: true),
            OptionSpec("max-age", short: "a", value: "TIME", help: "trust results for TIME"),
            OptionSpec("budget", value: "SIZE", help: "read at most SIZE"),
            OptionSpec("trace", help: "for developers", hidden: true),
        ],
        operands: [OperandSpec("PATH", kind: .directory, help: "where to look", repeating: true)],
        examples: [.init("pool scan -j 8 /srv/images", "Checks all images below /srv/images, eight at once.")])

    static let repair = CommandSpec(
        "repair", summary: "mend damaged images",
        options: [
            OptionSpec(
                "only", short: "o", value: "ACTION,...", kind: .listOf(cases: RepairAction.self), help: "do only these")
        ],
        operands: [OperandSpec("IMAGE", kind: .file, help: "the images", optional: true, repeating: true)])

    static let undo = CommandSpec(
        "undo", summary: "take a repair back", operands: [OperandSpec("REPAIR-ID", help: "which repair")])

    static let report = CommandSpec(
        "report", summary: "print a report",
        operands: [OperandSpec("NAME", kind: .oneOf(["damaged", "changes"]), help: "which one", optional: true)])

    static let store = CommandSpec(
        "store", summary: "look after the store",
        options: [OptionSpec("wait", value: "TIME", help: "wait for the lock", inherited: true)],
        subcommands: [
            CommandSpec("prune", summary: "forget old results"),
            CommandSpec(
                "merge", summary: "take in another store",
                operands: [OperandSpec("FILE", kind: .file, help: "the store")]),
        ])

    static let bench = CommandSpec(
        "bench", summary: "measure",
        options: [OptionSpec("null", short: "0", help: "end names with NUL")],
        operands: [OperandSpec("WHAT", help: "what", optional: true, repeating: true)])

    static let parser = CommandParser(root)

    /// A program whose every text is hostile to one of the outputs.
    static let hostile = CommandSpec(
        "od-d", summary: "it's \"odd\": [a] $b `c` \\d %e ~ ^",
        discussion: [
            ".starts like a request. 'so does this', \\fBsays\\fR (he.) "
                + "Ends with a caf\u{E9} \u{2014} or two."
        ],
        options: [
            .help,
            OptionSpec("Ar", short: "F", value: "K/N:[x]'\"", help: ".It's [odd]: $(date) `date` \\n \"x\""),
            OptionSpec(
                "pick", value: "Ar", kind: .oneOf(["it's", "a b", "$HOME", "x:y", "(z)", "[w]", "\\"]), help: "pick"),
            OptionSpec("many", value: "Fl", kind: .listOf(["$a", "b'c"]), help: "pick some"),
        ],
        subcommands: [
            CommandSpec(
                "Nm", summary: "takes '[x]': $y", operands: [OperandSpec("Op:[x]'", kind: .file, help: "'odd")],
                examples: [.init("od-d Nm -- '-x' \"$y\" \\z", "Is \"odd\".")])
        ])
}
