import CommandSyntax
import Lab

/// `qedlab hostile`: writes the files that are made to bring a scan down.
struct HostileCommand {
    static let spec = CommandSpec(
        "hostile", summary: "build files that are made to bring a scan down",
        discussion: ["A directory for one user's own tests: some names in it are hard to type, and files look huge."],
        operands: [OperandSpec("DIR", kind: .directory, help: "the directory to make or fill")])

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
