import CommandSyntax
import Files
import Lab

/// `qedlab mutate`: makes one random change, and prints it.
struct MutateCommand {
    static let spec = CommandSpec(
        "mutate", summary: "make one random change to an image's metadata",
        options: [QEDLab.seedOption],
        operands: [OperandSpec("FILE", kind: .file, help: "the image to change")])

    private let path: RawPath
    private let seed: UInt64

    init(_ parsed: ParsedCommand) throws(UsageError) {
        path = RawPath(bytes: parsed.operand("FILE")?.bytes ?? [])
        seed = try parsed.seed()
    }

    func run() -> Result<Void, LabError> {
        Result { () throws(LabError) in
            var random = SeededRandom(seed: seed)
            let editor = try ImageEditor(path: path)
            let mutation = try Mutation.random(for: editor, using: &random)
            try mutation.apply(to: editor)
            print(mutation)
        }
    }
}
