import CommandSyntax
import Files
import Store

/// `qedscan store backup FILE`
struct StoreBackupCommand: Command {
    static let spec = CommandSpec(
        "backup", summary: "copy the store while it is in use",
        discussion: [
            "The copy is consistent, even if a scan is running. It is written to a temporary file in the directory of "
                + "FILE, checked, synced to disk and then renamed. Its mode is 0600. You can use it with --db."
        ],
        options: [OptionSpec("force", short: "f", help: "replace FILE if it exists")],
        operands: [OperandSpec("FILE", kind: .file, help: "the copy")],
        examples: [.init("qedscan store backup /backup/qedscan.db", "Copies the store.")])

    private let parsed: ParsedCommand
    private let target: String

    init(_ parsed: ParsedCommand) throws(UsageError) {
        self.parsed = parsed
        target = try parsed.utf8Paths(ofOperand: "FILE")[0]
    }

    func run() throws(UsageError) -> ExitStatus {
        guard let path = try StoreLocation.existingPath(parsed) else { return .failed }
        return ExitStatus.reporting { () throws(StoreError) in
            try StoreBackup(of: path, to: target, replaces: parsed.has("force")).run(isQuiet: parsed.has("quiet"))
            return .success
        }
    }
}

extension StoreBackup {
    /// Makes the copy and prints its size.
    func run(isQuiet: Bool) throws(StoreError) {
        let size = try run()
        guard !isQuiet else { return }
        StandardOutput.writeLine("copied \(size) bytes to \(PrintableText.escaping(targetPath))")
    }
}
