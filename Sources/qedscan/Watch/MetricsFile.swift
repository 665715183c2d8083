import CommandSyntax
import Files
import Glibc
import Store

/// The file of metrics that a scan leaves for node_exporter's textfile collector.
struct MetricsFile {
    let path: RawPath
    /// The value of the label `pool`; nil for the roots of the scan.
    let pool: String?

    /// Replaces the file with the figures of the pool. An error is said, not thrown: the scan itself is well done.
    ///
    /// - Returns: false if it could not be written.
    func write(
        _ store: ScanStore, _ scan: ScanRecord, storePath: String, status: ExitStatus
    ) throws(StoreError) -> Bool {
        let figures = try store.poolFigures(.node(scan.node), roots: try store.rootsText(scan.roots))
        let metrics = MetricsText(
            pool: pool ?? scan.roots.printable, shard: scan.shard.map { "\($0.number)/\($0.count)" }, figures: figures,
            status: status,
            storeSize: MetricsFile.size(of: storePath))
        do throws(SystemError) {
            // Others read it: the exporter runs as a user of its own. It has no names but those of the roots.
            try OutputFile.write(metrics.text, to: path, mode: 0o644)
            return true
        } catch {
            Diagnostic.error("\(PrintableText.escaping(path.bytes)): \(error)")
            return false
        }
    }

    private static func size(of path: String) -> UInt64? {
        var status = stat()
        return stat(path, &status) == 0 ? UInt64(clamping: status.st_size) : nil
    }
}
