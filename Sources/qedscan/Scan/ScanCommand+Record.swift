import CommandSyntax
import Files
import Glibc
import PoolScan
import SQLite
import Store

/// What a scan says of itself in the store, and what it takes over from those before it.
extension ScanCommand {
    /// The scan's row, with what it goes on from; nil, with the reason on stderr, if it is not clear whose the images
    /// are.
    func record(in store: ScanStore) throws(StoreError) -> ScanRecord? {
        guard let host = try host(in: store) else { return nil }
        var record = record(host: host)
        if !parsed.has("restart") { record.continues = try store.chain(before: record) }
        return record
    }

    /// Whose the images are: of the pool that is named, else what they were at the last scan of the paths.
    private func host(in store: ScanStore) throws(StoreError) -> String? {
        if let name = parsed.value(of: "pool")?.text { return name.isEmpty ? Host.name : Pool.host(named: name) }
        var hosts: [(root: RawPath, host: String)] = []
        for root in configuration.roots.map(\.resolvedIfThere) {
            let host = try store.lastHost(ofNode: Host.name, root: root) ?? Host.name
            hosts.append((root, host))
            hosts += try store.lastHosts(ofNode: Host.name, below: root, otherThan: host).map { (RawPath($0), $1) }
        }
        guard let first = hosts.first, let other = hosts.first(where: { $0.host != first.host }) else {
            return hosts.first?.host ?? Host.name
        }
        let owners = [first, other].map {
            "\(PrintableText.escaping($0.root.bytes)) belongs to "
                + PrintableText.escaping(Pool.describe(host: $0.host))
        }
        Diagnostic.error(owners.joined(separator: ", "))
        Diagnostic.hint(
            "scan them one at a time, or give one pool for all of them with --pool ('' for this host)"
        )
        return nil
    }

    /// The results that may be used again. With `--full` only those of the scans that this one goes on from.
    func knownResults(of store: ScanStore, _ record: ScanRecord) throws(StoreError) -> KnownResults {
        var known = KnownResults()
        let chain = record.continues
        guard !parsed.has("full") || chain != nil else { return known }
        let oldest = maxAge.map {
            Timestamp.text(nanoseconds: Clock.wall.now - $0.components.seconds.saturatingNanoseconds)
        }
        let results = try store.knownImages(
            host: record.host, oldest: oldest, chain: chain, isOfChainOnly: parsed.has("full"),
            reader: PoolReader(record), threadCount: ScanConfiguration.processorCount)
        for result in results { known.insert(result) }
        return known
    }

    private func record(host: String) -> ScanRecord {
        let options: [(name: String, value: SQLiteValue)] = [
            ("jobs", .integer(Int64(configuration.workerCount))),
            ("full", .integer(parsed.has("full") ? 1 : 0)),
            ("max-age", maxAge.map { .integer($0.components.seconds) } ?? .null),
            ("force-share", .integer(configuration.checksImagesInUse ? 1 : 0)),
            ("one-file-system", .integer(configuration.staysOnFileSystem ? 1 : 0)),
            ("include", .text(parsed.values(of: "include").map(\.printable).joined(separator: "\n"))),
            ("exclude", .text(parsed.values(of: "exclude").map(\.printable).joined(separator: "\n"))),
            ("max-memory", .integer(Int64(configuration.limits.memory.limit))),
            ("shard", shardRequest.map { .text($0.text) } ?? .null),
            ("shard-by", shardRequest.map { .text($0.basis.rawValue) } ?? .null),
        ]
        return ScanRecord(
            host: host, node: Host.name, roots: configuration.roots.map(\.resolvedIfThere), options: options,
            version: Release.version, decidingOptions: ScanCommand.decidingOptions)
    }

    /// What decides which images are checked, and what comes of it.
    private static let decidingOptions = [
        "full", "max-age", "force-share", "one-file-system", "include", "exclude", "max-memory", "shard", "shard-by",
    ]
}

extension Int64 {
    /// Seconds as nanoseconds.
    fileprivate var saturatingNanoseconds: Int64 {
        let (product, overflow) = multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? .max / 2 : Swift.min(product, .max / 2)
    }
}

extension PoolReader {
    /// nil if the images are this machine's own, or on several devices.
    fileprivate init?(_ scan: ScanRecord) {
        guard Pool.isPool(host: scan.host) else { return nil }
        var devices: Set<UInt64> = []
        for root in scan.roots {
            do throws(SystemError) {
                devices.insert(try FileStatus(directory: AT_FDCWD, name: root.bytes).identity.device)
            } catch {
                // The walk will report this error.
            }
        }
        guard devices.count == 1, let device = devices.first else { return nil }
        self.init(node: scan.node, device: device)
    }
}
