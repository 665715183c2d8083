import CommandSyntax
import ReportStore

/// `qedscan store merge OUT IN...`
struct StoreMergeCommand: Command {
    static let spec = CommandSpec(
        "merge", summary: "bring the scans of several stores into one",
        discussion: [
            "For the shards of a pool, and for the stores of many hosts: all questions can be put to OUT. It is made if it is "
                + "not there. What OUT has already is passed over, so that stores can be merged again and in any order. An image "
                + "is told by its host and path, in a pool (scan --pool) by the pool and the path.",
            "An older store is read through a copy, a newer or damaged one is named and left out; so is one whose pool has the "
                + "same name as another. Scans and repairs go on with the single stores: OUT is only asked, and the journals of "
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
        for input in inputs {
            do throws(StoreError) {
                say(input, try merge.add(input))
            } catch {
                Diagnostic.error("left out: \(error.description)")
                status = .failed
            }
        }
        try merge.finish()
        return status
    }

    private func say(_ input: String, _ counts: MergeCounts) {
        guard !parsed.has("quiet") else { return }
        let name = PrintableText.escaping(input)
        guard !counts.isEmpty else { return StandardOutput.writeLine("\(name): nothing new") }
        StandardOutput.writeLine(
            "\(name): \(counts.scans) scans, \(counts.images) images that were not known, \(counts.results) results with "
                + "\(counts.findings) findings, \(counts.repairs) repairs")
    }
}
