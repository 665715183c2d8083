import CommandSyntax
import Files
import Store

/// `qedscan store prune`
struct StorePruneCommand: Command {
    static let spec = CommandSpec(
        "prune", summary: "drop what old scans saw",
        discussion: [
            "A scan goes if every rule that is given allows it. What is known of each image stays, and so does all that "
                + "the kept scans say; of an older scan the row with its totals stays while something refers to it, "
                + "marked by pruned_at. Repairs that may still be undone or settled stay with all they need. Images "
                + "that went before the kept scans are forgotten."
        ],
        options: [
            OptionSpec(
                "keep-scans", value: "N", help: "keep the newest N completed scans of each host, times its shards"),
            OptionSpec("keep-days", value: "D", help: "keep the scans of the last D days"),
            OptionSpec("dry-run", short: "n", help: "only say what would go"),
        ],
        examples: [
            .init(
                "qedscan store prune --keep-scans 30 --keep-days 90", "Keeps 30 scans, and all of the last 90 days.")
        ])

    private static let day: Int64 = 86_400_000_000_000
    private static let mostDays = 36_500

    private let parsed: ParsedCommand
    private let rule: PruneRule

    init(_ parsed: ParsedCommand) throws(UsageError) {
        self.parsed = parsed
        let scans = try parsed.integer(of: "keep-scans", in: 1...1_000_000)
        let days = try parsed.integer(of: "keep-days", in: 0...StorePruneCommand.mostDays)
        guard scans != nil || days != nil else {
            throw parsed.usageError("give --keep-scans, --keep-days or both")
        }
        let since = days.map {
            Timestamp.text(nanoseconds: Clock.wall.now - Int64($0) * StorePruneCommand.day)
        }
        rule = PruneRule(keepScans: scans, keepSince: since)
    }

    func run() throws(UsageError) -> ExitStatus {
        guard let path = try StoreLocation.existingPath(parsed) else { return .failed }
        if parsed.has("dry-run") {
            return ExitStatus.ofStoreCommand { () throws(StoreError) in
                let counts = try Pruning(rule, in: try ScanStore(reading: path)).counts
                say(counts, "would go")
                return .success
            }
        }
        return ExitStatus.ofStoreCommand { () throws(StoreError) in
            try ScanStore.refuseOtherFiles(at: path)
            let lock = try RunLock(storePath: path, host: Host.name)
            defer { withExtendedLifetime(lock) {} }
            return try ScanStore.use(path: path) { store throws(StoreError) in try prune(store) }
        }
    }

    private func prune(_ store: ScanStore) throws(StoreError) -> ExitStatus {
        let before = try StoreSpace(store)
        let pruning = try Pruning(rule, in: store)
        try pruning.run()
        say(pruning.counts, "dropped")
        guard !pruning.counts.isEmpty || before.isWorthCompacting else { return .success }
        var status = ExitStatus.success
        if try StoreSpace(store).isWorthCompacting {
            do throws(StoreError) {
                try store.compact()
            } catch {
                Diagnostic.error("\(error.description); the rows are gone, and new ones take their place")
                status = .failed
            }
        }
        guard !parsed.has("quiet") else { return status }
        let after = try StoreSpace(store)
        StandardOutput.writeLine(
            "the store had \(before.bytes) bytes and has \(after.bytes), \(after.freeBytes) of them free")
        return status
    }

    private func say(_ counts: PruneCounts, _ verb: String) {
        guard !parsed.has("quiet") else { return }
        guard !counts.isEmpty else { return StandardOutput.writeLine("no scan is older: nothing goes") }
        StandardOutput.writeLine(
            "\(verb): \(counts.scans) scans, \(counts.results) results with \(counts.findings) findings, "
                + "\(counts.pathErrors) path errors, \(counts.events) events, \(counts.repairs) repairs, "
                + "\(counts.images) images that are long gone")
        if counts.marked > 0 {
            StandardOutput.writeLine("the rows of \(counts.marked) scans that are still referred to stay, marked")
        }
    }
}
