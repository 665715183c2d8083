import CommandSyntax
import Files
import Lab

/// `qedlab damage`: damages an existing image, as `qedlab image --defect` damages a new one.
struct DamageCommand {
    static let spec = CommandSpec(
        "damage", summary: "damage an existing image",
        options: [QEDLab.seedOption],
        operands: [
            OperandSpec("FILE", kind: .file, help: "the image to change"),
            OperandSpec("DEFECT", kind: .oneOf(cases: Defect.self), help: "what to break"),
        ])

    private let path: RawPath
    private let defect: Defect
    private let seed: UInt64

    init(_ parsed: ParsedCommand) throws(UsageError) {
        path = RawPath(bytes: parsed.operand("FILE")?.bytes ?? [])
        guard let defect = parsed.operand("DEFECT").flatMap({ Defect(rawValue: $0.text) }) else {
            throw parsed.usageError("no such defect")
        }
        self.defect = defect
        seed = try parsed.seed()
    }

    func run() -> Result<Void, LabError> {
        Result { () throws(LabError) in
            var random = SeededRandom(seed: seed)
            try defect.apply(to: ImageEditor(path: path), using: &random)
        }
    }
}
