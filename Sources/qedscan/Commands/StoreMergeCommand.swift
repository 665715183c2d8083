import CommandSyntax
import PoolScan
import ReportStore

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
        ExitStatus.ofStoreCommand { () throws(StoreError) in
            try ReportStore.refuseOtherFiles(at: target)
            let lock = try RunLock(storePath: target, host: Host.name)
            defer { withExtendedLifetime(lock) {} }
            return try ReportStore.use(path: target) { store throws(StoreError) in try merge(into: store) }
        }
    }

    private func merge(into store: ReportStore) throws(StoreError) -> ExitStatus {
        let merge = try StoreMerge(into: store, at: target)
        var status = ExitStatus.wellDone
        for start in stride(from: 0, to: inputs.count, by: ScanConfiguration.processorCount) {
            // Looking them through takes a third of the time.
            let paths = Array(inputs[start...].prefix(ScanConfiguration.processorCount))
            for input in MergeInput.all(paths, target: target) {
                do throws(StoreError) {
                    let input = try input.get()
                    say(input.path, try merge.add(input))
                } catch {
                    Diagnostic.error("left out: \(error.description)")
                    status = .failed
                }
            }
        }
        try merge.finish()
        for (pool, root, nodes) in try merge.doubtfulPools() {
            let (name, root, nodes) = (pool.escaped, root.escaped, nodes.escaped)
            Diagnostic.error("pool \(name): \(root) is not the same directory on all of \(nodes)")
            Diagnostic.hint("give storage that is not shared another name each, with scan --pool")
            status = .failed
        }
        return status
    }

    private func say(_ input: String, _ counts: MergeCounts) {
        guard !parsed.has("quiet") else { return }
        let name = input.escaped
        guard !counts.isEmpty else { return StandardOutput.writeLine("\(name): nothing new") }
        StandardOutput.writeLine(
            "\(name): \(counts.scans) scans, \(counts.images) images that were not known, \(counts.results) results with "
                + "\(counts.findings) findings, \(counts.repairs) repairs")
    }
}

extension String {
    fileprivate var escaped: String { PrintableText.escaping(self) }
}
