import CommandSyntax
import Files
import PoolScan
import Store

/// `qedscan store merge OUT IN...`
struct StoreMergeCommand: Command {
    static let spec = CommandSpec(
        "merge", summary: "bring the scans of several stores into one",
        discussion: [
            "For the shards of a pool, and for the stores of many hosts: all questions can be put to OUT. It is made if it is "
                + "not there. What OUT has already is passed over, so that stores can be merged again and in any order. An image "
                + "is told by its host and path, in a pool (scan --pool) by the pool and the path.",
            "An older store is read through a copy, a newer or damaged one is named and left out. Scans and repairs go on with the single stores: OUT is only asked, and the journals of "
                + "repairs stay with the hosts that can use them.",
        ],
        operands: [
            OperandSpec("OUT", kind: .file, help: "the merged store"),
            OperandSpec("IN", kind: .file, help: "a store of scans, or another merged one", repeating: true),
        ],
        examples: [.init("qedscan store merge pool.db shard-*.db", "Merges the shards of a pool.")])

    private let parsed: ParsedCommand
    private let target: String
    private let inputs: [String]

    init(_ parsed: ParsedCommand) throws(UsageError) {
        self.parsed = parsed
        var paths: [String] = []
        for name in parsed.operands(named: "OUT") + parsed.operands(named: "IN") {
            guard let path = String(validating: name.bytes, as: UTF8.self), !path.isEmpty else {
                throw parsed.usageError("\(name.printable) is not a path in UTF-8")
            }
            paths.append(path)
        }
        target = paths.removeFirst()
        inputs = paths
    }

    func run() throws(UsageError) -> ExitStatus {
        let cancellation = Cancellation()
        let signals = SignalWatch(cancellation)
        return ExitStatus.ofStoreCommand { () throws(StoreError) in
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

    /// Some at once are looked through, which takes a third of the time, and merged one after the other.
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
        return status.union(try warnOfDoubtfulPools(merge))
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
            say(input.path, try merge.add(input))
            return .success
        } catch {
            Diagnostic.error("left out: \(error.description)")
            return .failed
        }
    }

    private func warnOfDoubtfulPools(_ merge: StoreMerge) throws(StoreError) -> ExitStatus {
        let pools = try merge.conflictingPools()
        for pool in pools {
            let (name, root, nodes) = (pool.pool.escaped, pool.root.escaped, pool.nodes.escaped)
            Diagnostic.error("pool \(name): \(root) is not the same directory on all of \(nodes)")
            Diagnostic.hint("give storage that is not shared another name each, with scan --pool")
        }
        return pools.isEmpty ? .success : .failed
    }

    private func say(_ input: String, _ counts: MergeCounts) {
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
