import CommandSyntax
import Files
import Glibc
import Store

/// Metrics in Prometheus' text format 0.0.4, as the textfile collector of its node_exporter reads them.
///
/// All metrics are gauges with a label `pool`, and `shard` if the scan was of one, so that one directory can hold the files
/// of several pools and shards. Their HELP texts must be the same. There are no timestamps, which the collector rejects.
struct MetricsText {
    private(set) var text = ""
    /// The labels of every sample.
    private let labels: String

    /// - Parameters:
    ///   - pool: the value of the label.
    ///   - shard: the value of the label `shard`; nil for a scan without shards.
    init(pool: String, shard: String?, figures: PoolFigures, status: ExitStatus, storeSize: UInt64?) {
        labels = "pool=\"\(MetricsText.escaping(pool))\"" + (shard.map { ",shard=\"\($0)\"" } ?? "")
        addScan(figures, status)
        addImages(figures)
        if let storeSize {
            add("store_bytes", "Size of the store in bytes.", Double(storeSize))
        }
        add("build_info", "The version of qedscan that wrote this file.", [("version", Release.version, 1)])
    }

    private mutating func addScan(_ figures: PoolFigures, _ status: ExitStatus) {
        if let time = figures.lastCompletion {
            add("last_success_timestamp_seconds", "When the last complete scan ended, in seconds since 1970.", time)
        }
        if let scan = figures.lastScan {
            add("last_scan_timestamp_seconds", "When the last scan ended, in seconds since 1970.", scan.finishedAt)
            add("scan_completed", "Whether the last scan was completed.", scan.state == "completed" ? 1 : 0)
            add("scan_duration_seconds", "How long the last scan took, in seconds.", scan.finishedAt - scan.startedAt)
            add("scan_files", "Files that the last scan looked at, whether images or not.", Double(scan.filesSeen))
            add("scan_images", "Images that the last scan found.", Double(scan.imagesSeen))
            add(
                "scan_reused", "Images whose result the last scan reused, since they had not changed.",
                Double(scan.reused))
            add("scan_read_bytes", "Bytes that the last scan read from images.", Double(scan.bytesRead))
        }
        add(
            "scan_errors", "Paths that the last scan, or the last complete one, could not read.",
            Double(figures.pathErrors))
        add("scan_exit_status", "The exit status of the last scan.", Double(status.rawValue))
    }

    private mutating func addImages(_ figures: PoolFigures) {
        let counts = figures.outcomes.sorted { $0.key.rawValue < $1.key.rawValue }
        add(
            "images", "Images that are present, by the outcome of their latest check.",
            counts.map { ("outcome", $0.key.rawValue, Double($0.value)) })
        add(
            "images_tree_lost", "Images that have lost tables and thus data; see qedscan report assessment.",
            Double(figures.treeLost))
        add("images_missing", "Images that are missing.", Double(figures.missing))
        add("images_dirty", "Images that were not closed cleanly, without those in use.", Double(figures.dirty))
        add("corruptions", "Corruptions in all images, without those in use.", figures.corruptions)
        add("leaked_bytes", "Leaked bytes in all images, without those in use.", figures.leakedBytes)
        add(
            "repairs_unsettled", "Interrupted repairs on this host that are not recovered yet.",
            Double(figures.unfinishedRepairs))
    }

    private mutating func add(_ name: String, _ help: String, _ value: Double) { add(name, help, [(nil, "", value)]) }

    private mutating func add(
        _ name: String, _ help: String, _ samples: [(label: String?, labelValue: String, value: Double)]
    ) {
        let name = "qedscan_\(name)"
        text += "# HELP \(name) \(help)\n# TYPE \(name) gauge\n"
        for sample in samples {
            let more = sample.label.map { ",\($0)=\"\(MetricsText.escaping(sample.labelValue))\"" } ?? ""
            text += "\(name){\(labels)\(more)} \(MetricsText.number(sample.value))\n"
        }
    }

    /// The text as the format requires it within quotes.
    static func escaping(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\"": escaped += "\\\""
            case "\n": escaped += "\\n"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// Whole numbers without a point, since people read the file too.
    private static func number(_ value: Double) -> String { Int64(exactly: value).map(String.init) ?? String(value) }
}

/// The file of metrics that a scan writes for node_exporter's textfile collector.
struct MetricsFile {
    let path: RawPath
    /// The value of the label `pool`; nil for the roots of the scan.
    let pool: String?

    /// Replaces the file. An error is printed, not thrown, since the scan itself has succeeded.
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
            // The exporter runs as another user. The file contains no names of images, only roots.
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
