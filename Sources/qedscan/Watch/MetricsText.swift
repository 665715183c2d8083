import Store

/// Metrics in Prometheus' text format 0.0.4, as the textfile collector of its node_exporter reads them.
///
/// All are gauges with a label `pool`, and `shard` if the scan was of one, so that the files of several pools and shards
/// can lie in one folder: their HELP texts must not differ. There are no timestamps, which the collector refuses.
struct MetricsText {
    private(set) var text = ""
    /// What every sample has within its braces.
    private let labels: String

    /// - Parameters:
    ///   - pool: the value of the label.
    ///   - shard: that of the label `shard`, nil if the scan was of all.
    init(pool: String, shard: String?, figures: PoolFigures, status: ExitStatus, storeSize: UInt64?) {
        labels = "pool=\"\(MetricsText.escaping(pool))\"" + (shard.map { ",shard=\"\($0)\"" } ?? "")
        addScan(figures, status)
        addImages(figures)
        if let storeSize {
            add("store_bytes", "Size of the file of the store, in bytes.", Double(storeSize))
        }
        add("build_info", "The version of the program that scanned.", [("version", Program.version, 1)])
    }

    private mutating func addScan(_ figures: PoolFigures, _ status: ExitStatus) {
        if let time = figures.lastCompletion {
            add("last_success_timestamp_seconds", "When the last complete scan ended, seconds since 1970.", time)
        }
        if let scan = figures.lastScan {
            add("last_scan_timestamp_seconds", "When the last scan ended, seconds since 1970.", scan.finishedAt)
            add("scan_completed", "Whether the last scan looked at everything.", scan.state == "completed" ? 1 : 0)
            add("scan_duration_seconds", "How long the last scan took.", scan.finishedAt - scan.startedAt)
            add("scan_files", "Files that the last scan looked at, images or not.", Double(scan.filesSeen))
            add("scan_images", "Images that the last scan saw.", Double(scan.imagesSeen))
            add("scan_reused", "Images that had not changed since an earlier check.", Double(scan.reused))
            add("scan_read_bytes", "Bytes of images that the last scan read.", Double(scan.bytesRead))
        }
        add(
            "scan_errors", "Paths that the last scan, or the last complete one, could not read.",
            Double(figures.pathErrors))
        add("scan_exit_status", "The exit status of the last scan.", Double(status.rawValue))
    }

    private mutating func addImages(_ figures: PoolFigures) {
        let counts = figures.outcomes.sorted { $0.key.rawValue < $1.key.rawValue }
        add(
            "images", "Images that are there, by the outcome of their latest check.",
            counts.map { ("outcome", $0.key.rawValue, Double($0.value)) })
        add(
            "images_tree_lost", "Images of which tables are lost, and with them data; see report assessment.",
            Double(figures.treeLost))
        add("images_missing", "Images that are not there any more.", Double(figures.missing))
        add("images_dirty", "Images that are not in use and were not closed cleanly.", Double(figures.dirty))
        add("corruptions", "Corruptions of all images that are not in use.", figures.corruptions)
        add("leaked_bytes", "Leaked bytes of all images that are not in use.", figures.leakedBytes)
        add(
            "repairs_unsettled", "Repairs on this host that were interrupted and are not settled yet.",
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

    /// As the format wants it within quotes.
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

    /// Whole numbers as such: people read the file too.
    private static func number(_ value: Double) -> String { Int64(exactly: value).map(String.init) ?? String(value) }
}
