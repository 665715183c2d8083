import CommandSyntax
import Store

/// `qedscan store migrate`
struct StoreMigrateCommand: Command {
    static let spec = CommandSpec(
        "migrate", summary: "bring an older store to this version",
        discussion: [
            "Scans and repairs do so by themselves. Each step is one transaction, so that a crash leaves the store at "
                + "one version or the next, and nothing is lost; but an older program refuses it from then on. --backup "
                + "keeps a copy for that."
        ],
        options: [
            OptionSpec("dry-run", short: "n", help: "only say from which version to which"),
            OptionSpec("backup", value: "FILE", kind: .file, help: "first copy the store there"),
        ])

    private let parsed: ParsedCommand
    private let backup: String?

    init(_ parsed: ParsedCommand) throws(UsageError) {
        self.parsed = parsed
        guard let file = parsed.value(of: "backup") else {
            backup = nil
            return
        }
        guard let path = String(validating: file.bytes, as: UTF8.self), !path.isEmpty else {
            throw parsed.refusal(of: file, option: "backup", because: "is not a path in UTF-8")
        }
        backup = path
    }

    func run() throws(UsageError) -> ExitStatus {
        guard let path = try StoreLocation.existingPath(parsed) else { return .failed }
        return ExitStatus.ofStoreCommand { () throws(StoreError) in
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
            return StandardOutput.writeLine("the store is of version \(version.number), as this program is")
        }
        StandardOutput.writeLine(
            "\(isDone ? "migrated" : "would migrate") from version \(version.number) to "
                + "\(version.number + version.missing.count):")
        for name in version.missing { StandardOutput.writeLine("  \(name)") }
    }
}
