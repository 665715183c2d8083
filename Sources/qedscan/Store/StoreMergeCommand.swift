import CommandSyntax
import Files
import PoolScan
import Store

/// `qedscan store merge OUT IN...`
struct StoreMergeCommand: Command {
    static let spec = CommandSpec(
        "merge", summary: "merge several stores into one",
        discussion: [
            "Merges the shards of a pool, or the stores of many hosts, so that reports and queries can use them all. OUT is "
                + "created if it does not exist. The order does not matter, and you can merge a store again: what "
                + "OUT already has is skipped. Images are identified by host and path, or by pool and path (see scan "
                + "--pool).",
            "A store of an older version is merged from a migrated copy. A newer or damaged store is skipped with a "
                + "message and exit status 8. OUT is only for reading: scan, repair and undo use the store of each "
                + "host, and the journals of repairs stay there.",
        ],
        operands: [
            OperandSpec("OUT", kind: .file, help: "the merged store"),
            OperandSpec(
                "IN", kind: .file,
                help: "a store to merge, which may itself be the result of a merge", repeating: true),
        ],
        examples: [.init("qedscan store merge pool.db shard-*.db", "Merges the shards of a pool.")])

    private let parsed: ParsedCommand
    private let target: String
    private let inputs: [String]

    init(_ parsed: ParsedCommand) throws(UsageError) {
        self.parsed = parsed
        target = try parsed.utf8Paths(ofOperand: "OUT")[0]
        inputs = try parsed.utf8Paths(ofOperand: "IN")
    }

    func run() throws(UsageError) -> ExitStatus {
        let cancellation = Cancellation()
        let signals = SignalWatch(cancellation)
        return ExitStatus.reporting { () throws(StoreError) in
            try ScanStore.refuseOtherFiles(at: target)
            let lock = try RunLock(storePath: target, host: Host.name)
            defer { withExtendedLifetime(lock) {} }
            try StoreMerge.refuseTarget(at: target)
            let status = try ScanStore.use(path: target) { store throws(StoreError) in
                try merge(into: store, cancellation)
            }
            return signals.wasCaught ? status.union(.interrupted) : status
        }
    }

    /// Checks several stores at once, which takes a third of the time, and merges them one after the other.
    private func merge(into store: ScanStore, _ cancellation: Cancellation) throws(StoreError) -> ExitStatus {
        let merge = try StoreMerge(into: store)
        var status = ExitStatus.success
        let together = ScanConfiguration.processorCount
        for start in stride(from: 0, to: inputs.count, by: together) where !cancellation.isCancelled {
            for input in MergeInput.all(Array(inputs[start...].prefix(together)), target: target) {
                status.formUnion(add(input, to: merge, cancellation))
            }
        }
        try merge.finish()
        return status.union(try warnOfConflictingPools(merge))
    }

    private func add(
        _ input: Result<MergeInput, StoreError>, to merge: StoreMerge, _ cancellation: Cancellation
    ) -> ExitStatus {
        do throws(StoreError) {
            let input = try input.get()
            guard !cancellation.isCancelled else {
                input.discard()
                return []
            }
            printCounts(input.path, try merge.add(input))
            return .success
        } catch {
            Diagnostic.error("skipped: \(error.description)")
            return .failed
        }
    }

    private func warnOfConflictingPools(_ merge: StoreMerge) throws(StoreError) -> ExitStatus {
        let pools = try merge.conflictingPools()
        for pool in pools {
            let (name, root, nodes) = (pool.pool.escaped, pool.root.escaped, pool.nodes.escaped)
            Diagnostic.error("pool \(name): \(root) is not the same directory on \(nodes)")
            Diagnostic.hint("if the storage is not shared, give each one its own name with scan --pool")
        }
        return pools.isEmpty ? .success : .failed
    }

    private func printCounts(_ input: String, _ counts: MergeCounts) {
        guard !parsed.has("quiet") else { return }
        let name = input.escaped
        guard !counts.isEmpty else { return StandardOutput.writeLine("\(name): nothing new") }
        StandardOutput.writeLine(
            "\(name): new: scans \(counts.scans), images \(counts.images), results \(counts.results), "
                + "findings \(counts.findings), repairs \(counts.repairs)")
    }
}

extension String {
    fileprivate var escaped: String { PrintableText.escaping(self) }
}
