import CommandSyntax
import Files
import Store

/// `qedscan store prune`
struct StorePruneCommand: Command {
    static let spec = CommandSpec(
        "prune", summary: "remove old scans",
        discussion: [
            "Give --keep-scans, --keep-days or both. A scan is removed only if no given option keeps it. The latest "
                + "result of each image is kept, and so are repairs that can still be undone or must be recovered. If "
                + "other rows refer to a removed scan, its row stays with the totals and the time in pruned_at. Images "
                + "that disappeared before the oldest kept scan are removed."
        ],
        options: [
            OptionSpec(
                "keep-scans", value: "N",
                help: "keep the last N completed scans of each host (of each shard, if there are shards)"),
            OptionSpec("keep-days", value: "D", help: "keep the scans of the last D days"),
            OptionSpec("dry-run", short: "n", help: "print what would be removed and change nothing"),
        ],
        examples: [
            .init(
                "qedscan store prune --keep-scans 30 --keep-days 90",
                "Keeps the last 30 scans, and all scans of the last 90 days.")
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
            throw parsed.usageError("add --keep-scans, --keep-days or both")
        }
        let since = days.map {
            Timestamp.text(nanoseconds: Clock.wall.now - Int64($0) * StorePruneCommand.day)
        }
        rule = PruneRule(keepScans: scans, keepSince: since)
    }

    func run() throws(UsageError) -> ExitStatus {
        guard let path = try StoreLocation.existingPath(parsed) else { return .failed }
        if parsed.has("dry-run") {
            return ExitStatus.reporting { () throws(StoreError) in
                let counts = try Pruning(rule, in: try ScanStore(reading: path)).counts
                printCounts(counts, "would remove")
                return .success
            }
        }
        return ExitStatus.reporting { () throws(StoreError) in
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
        printCounts(pruning.counts, "removed")
        guard !pruning.counts.isEmpty || before.isWorthCompacting else { return .success }
        var status = ExitStatus.success
        if try StoreSpace(store).isWorthCompacting {
            do throws(StoreError) {
                try store.compact()
            } catch {
                Diagnostic.error(
                    "\(error.description); the rows are removed, and their space will be used for new ones")
                status = .failed
            }
        }
        guard !parsed.has("quiet") else { return status }
        let after = try StoreSpace(store)
        StandardOutput.writeLine(
            "the store had \(before.bytes) bytes and now has \(after.bytes), \(after.freeBytes) of them free")
        return status
    }

    private func printCounts(_ counts: PruneCounts, _ verb: String) {
        guard !parsed.has("quiet") else { return }
        guard !counts.isEmpty else { return StandardOutput.writeLine("nothing to remove: no scan is old enough") }
        StandardOutput.writeLine(
            "\(verb): \(counts.scans) scans, \(counts.results) results with \(counts.findings) findings, "
                + "\(counts.pathErrors) path errors, \(counts.events) events, \(counts.repairs) repairs, "
                + "\(counts.images) missing images")
        if counts.marked > 0 {
            StandardOutput.writeLine(
                "only the totals are kept, since other rows refer to them: \(Count.text(counts.marked, "scan"))")
        }
    }
}
