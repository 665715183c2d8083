import CommandSyntax
import Lab

/// `qedlab pool`: writes a tree of images and lists them.
struct PoolCommand {
    static let spec = CommandSpec(
        "pool", summary: "build a tree of images, some of them damaged",
        discussion: ["Prints a line for each file: its defect, - for none, or other; a tab; its path in DIR."],
        options: [
            OptionSpec("images", value: "N", help: "how many images", default: "100"),
            OptionSpec("damaged", value: "P%", help: "how many of them are damaged", default: "10%"),
            OptionSpec("dirty", value: "P%", help: "how many of the rest are dirty", default: "5%"),
            OptionSpec("other-files", value: "N", help: "how many files are not images", default: "10"),
            OptionSpec(
                "files-per-directory", value: "N", help: "how many files a directory has before it is split",
                default: "no limit"),
            QEDLab.seedOption,
        ],
        operands: [OperandSpec("DIR", kind: .directory, help: "the directory to create or fill")])

    private let directory: String
    private let plan: PoolPlan

    init(_ parsed: ParsedCommand) throws(UsageError) {
        directory = parsed.operand("DIR")?.text ?? ""
        var plan = PoolPlan()
        plan.imageCount = try parsed.integer(of: "images", in: 0...10_000_000) ?? plan.imageCount
        plan.damagedShare = try parsed.share(of: "damaged") ?? plan.damagedShare
        plan.dirtyShare = try parsed.share(of: "dirty") ?? plan.dirtyShare
        plan.otherFileCount = try parsed.integer(of: "other-files", in: 0...10_000_000) ?? plan.otherFileCount
        plan.filesPerDirectory = try parsed.integer(of: "files-per-directory", in: 1...10_000_000)
        plan.seed = try parsed.seed()
        self.plan = plan
    }

    func run() -> Result<Void, LabError> {
        Result { () throws(LabError) in
            for file in try PoolWriter(plan).write(to: directory) {
                let label =
                    switch file.content {
                    case .image(let defect): defect?.rawValue ?? "-"
                    case .other: "other"
                    }
                print(label, file.relativePath, separator: "\t")
            }
        }
    }
}
