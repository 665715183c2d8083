import CommandSyntax
import Lab

/// `qedlab hostile`: writes files that are meant to make a scan fail.
struct HostileCommand {
    static let spec = CommandSpec(
        "hostile", summary: "build files that are meant to make a scan fail",
        discussion: [
            "Only for your own tests: some names in the directory are hard to type, and some files look huge."
        ],
        operands: [OperandSpec("DIR", kind: .directory, help: "the directory to create or fill")])

    private let directory: String

    init(_ parsed: ParsedCommand) {
        directory = parsed.operand("DIR")?.text ?? ""
    }

    func run() -> Result<Void, LabError> {
        Result { () throws(LabError) in
            for file in HostileFile.allCases {
                try file.write(in: directory)
                print("\(file.rawValue): \(file.summary)")
            }
            for tree in HostileTree.allCases {
                try tree.write(in: directory)
                print("\(tree.rawValue): \(tree.summary)")
            }
        }
    }
}
