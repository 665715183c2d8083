import CommandSyntax
import Files
import Lab

/// `qedlab image`: writes one image, and damages it if asked.
struct ImageCommand {
    static let spec = CommandSpec(
        "image", summary: "build one image",
        discussion: ["Defects are applied in the order given; one that breaks the header should come last."],
        options: [
            OptionSpec("cluster-size", value: "SIZE", help: "bytes in a cluster", default: "64K"),
            OptionSpec("table-size", value: "N", help: "clusters in a table", default: "4"),
            OptionSpec("size", value: "SIZE", help: "bytes that the guest sees", default: "64M"),
            OptionSpec("allocated", value: "N", help: "clusters in use: all, the first N, or P%", default: "all"),
            OptionSpec(
                "layout", value: "LAYOUT", kind: .oneOf(cases: ImagePlan.Allocation.self),
                help: "the order of data clusters in the file", default: "sequential"),
            OptionSpec("zero", value: "P%", help: "how many of the clusters in use are zero clusters", default: "0%"),
            OptionSpec("backing", value: "NAME", help: "the backing file's name"),
            OptionSpec("no-data", help: "leave data clusters as holes"),
            OptionSpec("dirty", help: "set the dirty bit"),
            OptionSpec(
                "defect", value: "NAME", kind: .oneOf(cases: Defect.self), help: "damage the image", repeatable: true),
            QEDLab.seedOption,
        ],
        operands: [OperandSpec("FILE", kind: .file, help: "the image to create or replace")],
        examples: [
            .init("qedlab image --size 1T --no-data big.qed", "A full image of 1 TiB that takes 129 MiB of disk."),
            .init("qedlab image --defect data-cluster-shared bad.qed", "Two entries share a cluster."),
        ])

    private let path: RawPath
    private let plan: ImagePlan
    private let defects: [Defect]

    init(_ parsed: ParsedCommand) throws(UsageError) {
        path = RawPath(bytes: parsed.operand("FILE")?.bytes ?? [])
        defects = try parsed.choices(of: "defect", as: Defect.self)
        plan = try ImageCommand.plan(parsed)
    }

    func run() -> Result<Void, LabError> {
        Result { () throws(LabError) in
            try ImageWriter(plan).write(to: path)
            var random = SeededRandom(seed: plan.seed)
            for defect in defects {
                try defect.apply(to: ImageEditor(path: path), using: &random)
            }
        }
    }

    private static func plan(_ parsed: ParsedCommand) throws(UsageError) -> ImagePlan {
        var plan = ImagePlan()
        plan.clusterSize = try parsed.byteCount32(of: "cluster-size") ?? plan.clusterSize
        plan.tableSize = try parsed.integer(of: "table-size", in: 1...16).map { UInt32($0) } ?? plan.tableSize
        plan.imageSize = try parsed.byteCount(of: "size").map { UInt64($0) } ?? plan.imageSize
        plan.guestClusters = try parsed.guestClusters(of: "allocated") ?? plan.guestClusters
        plan.allocation = try parsed.choice(of: "layout", as: ImagePlan.Allocation.self) ?? plan.allocation
        plan.zeroShare = try parsed.share(of: "zero") ?? 0
        plan.backingFilename = parsed.value(of: "backing")?.text
        plan.writesData = !parsed.has("no-data")
        if parsed.has("dirty") { plan.features.insert(.needCheck) }
        plan.seed = try parsed.seed()
        return plan
    }
}
