import CommandSyntax
import Files
import Store

/// `qedscan store backup FILE`
struct StoreBackupCommand: Command {
    static let spec = CommandSpec(
        "backup", summary: "copy the store while it is in use",
        discussion: [
            "The copy is of one moment, even while a scan writes. It is made beside FILE, looked through and on disk "
                + "before it gets that name; its mode is 0600. It is a store like the other, for --db."
        ],
        options: [OptionSpec("force", short: "f", help: "replace FILE if it is there")],
        operands: [OperandSpec("FILE", kind: .file, help: "the copy")],
        examples: [.init("qedscan store backup /backup/qedscan.db", "Makes a copy.")])

    private let parsed: ParsedCommand
    private let target: String

    init(_ parsed: ParsedCommand) throws(UsageError) {
        self.parsed = parsed
        let file = parsed.operand("FILE")
        guard let target = file.flatMap({ String(validating: $0.bytes, as: UTF8.self) }), !target.isEmpty else {
            throw parsed.usageError("FILE is not a path in UTF-8")
        }
        self.target = target
    }

    func run() throws(UsageError) -> ExitStatus {
        guard let path = try StoreLocation.existingPath(parsed) else { return .failed }
        return ExitStatus.ofStoreCommand { () throws(StoreError) in
            try StoreBackup(of: path, to: target, replaces: parsed.has("force")).run(isQuiet: parsed.has("quiet"))
            return .success
        }
    }
}

extension StoreBackup {
    /// Makes the copy and says so.
    func run(isQuiet: Bool) throws(StoreError) {
        let size = try run()
        guard !isQuiet else { return }
        StandardOutput.writeLine("\(size) bytes in \(PrintableText.escaping(targetPath))")
    }
}
