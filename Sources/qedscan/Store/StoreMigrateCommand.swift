import CommandSyntax
import Store

/// `qedscan store migrate`
struct StoreMigrateCommand: Command {
    static let spec = CommandSpec(
        "migrate", summary: "update an older store to this version",
        discussion: [
            "Scans and repairs migrate the store automatically. Each step is one transaction, so a crash loses "
                + "nothing. An older qedscan refuses a migrated store; use --backup to keep a copy for it."
        ],
        options: [
            OptionSpec("dry-run", short: "n", help: "print the old and the new version, and change nothing"),
            OptionSpec("backup", value: "FILE", kind: .file, help: "copy the store to this file first"),
        ])

    private let parsed: ParsedCommand
    private let backup: String?

    init(_ parsed: ParsedCommand) throws(UsageError) {
        self.parsed = parsed
        backup = try parsed.utf8Path(of: "backup")
    }

    func run() throws(UsageError) -> ExitStatus {
        guard let path = try StoreLocation.existingPath(parsed) else { return .failed }
        return ExitStatus.reporting { () throws(StoreError) in
            try ScanStore.refuseOtherFiles(at: path)
            guard !parsed.has("dry-run") else {
                say(try StoreVersion(ofStoreAt: path), isDone: false)
                return .success
            }
            let lock = try RunLock(storePath: path, host: Host.name)
            defer { withExtendedLifetime(lock) {} }
            let version = try StoreVersion(ofStoreAt: path)
            if let backup {
                try StoreBackup(of: path, to: backup, replaces: false).run(isQuiet: parsed.has("quiet"))
            }
            try ScanStore.use(path: path) { _ throws(StoreError) in }
            say(version, isDone: true)
            return .success
        }
    }

    private func say(_ version: StoreVersion, isDone: Bool) {
        guard !parsed.has("quiet") else { return }
        guard !version.missing.isEmpty else {
            return StandardOutput.writeLine("the store already has version \(version.number), that of this program")
        }
        StandardOutput.writeLine(
            "\(isDone ? "migrated" : "would migrate") from version \(version.number) to "
                + "\(version.number + version.missing.count):")
        for name in version.missing { StandardOutput.writeLine("  \(name)") }
    }
}
