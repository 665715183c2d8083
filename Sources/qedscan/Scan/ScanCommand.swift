import CommandSyntax
import Dispatch
import Files
import Glibc
import PoolScan
import QED
import ScanModel
import Store

/// `qedscan scan PATH...`
struct ScanCommand: Command {
    static let spec = CommandSpec(
        "scan", summary: "check a pool of images and store the results",
        discussion: [
            "Walks the directories, finds every QED image by its magic number, checks it read-only and stores the "
                + "result. Images that a program has open for writing are not checked. The stored results of images "
                + "that have not changed are reused.",
            "The next scan of the same paths resumes an interrupted scan, even with --full. The options that select "
                + "what to check must be the same; others, such as --jobs and --rate, may differ. A resumed scan "
                + "checks only images that have not been checked yet, were in use or changing, or had changed less "
                + "than two seconds before their check. A scan that began more than 30 days ago is not resumed.",
        ],
        options: [
            OptionSpec(
                "jobs", short: "j", value: "N",
                help: "number of images to check at once, from 0 to 128; 0 checks them one by one, in order",
                default: "4 per core"),
            OptionSpec("full", help: "check every image, even if it has not changed"),
            OptionSpec("restart", help: "start from the beginning instead of resuming an interrupted scan"),
            OptionSpec(
                "max-age", value: "TIME",
                help: "also check unchanged images whose result is older than this, such as 90s, 10m, 2h or 7d"),
            OptionSpec(
                "force-share", short: "U",
                help: "also check images in use; the results may be wrong, and the outcome stays in_use"),
            OptionSpec("one-file-system", short: "x", help: "skip directories on other file systems, as 'du -x' does"),
            OptionSpec(
                "include", value: "GLOB",
                help:
                    "check only files whose name matches, or whose full path does if GLOB has a /; * also matches /",
                repeatable: true),
            OptionSpec(
                "exclude", value: "GLOB", help: "skip files and directories that match, by the rules of --include",
                repeatable: true),
            ShardOptions.spec,
            ShardOptions.basisSpec,
            OptionSpec(
                "max-memory", value: "SIZE",
                help: "memory for the cluster maps of all images being checked, such as 64M or 1G",
                default: "192M"
            ),
            OptionSpec(
                "max-time", value: "TIME",
                help: "stop after this time, such as 30m or 4h, with exit status 32; the next scan resumes"),
            OptionSpec(
                "rate", value: "SIZE",
                help: "read at most this many bytes per second from all images, such as 50M"),
            LockWait.spec,
            OptionSpec(
                "only-changes",
                help:
                    "print only changes since the last completed scan of the same paths, or nothing if there are none"),
            OptionSpec(
                "progress", value: "WHEN", kind: .oneOf(cases: ProgressChoice.self), help: "when to show progress",
                default: ProgressChoice.auto.rawValue),
            OptionSpec(
                "metrics", value: "FILE", kind: .file,
                help: "write metrics to this file, for the textfile collector of Prometheus' node_exporter (*.prom)"),
            OptionSpec(
                "pool", value: "NAME",
                help: "name of the pool, if other machines scan it too, or '' if none does; also used in the metrics",
                default: "that of the last scan of the paths"),
        ] + SchedulingPriority.specs,
        operands: [OperandSpec("PATH", kind: .file, help: "a directory or an image", repeating: true)],
        examples: [
            .init("qedscan scan /var/lib/images /srv/vm", "Checks two pools."),
            .init("qedscan scan -q --max-age 7d /srv/vm", "Prints problems only, for use with cron."),
            .init(
                "qedscan scan --max-time 4h --rate 50M /srv/vm",
                "Checks for at most 4 hours and reads at most 50 MiB per second; the next run resumes."),
            .init(
                "qedscan scan --shard 3/8 --db shard-3.db /srv/vm",
                "Checks the third of eight parts; other machines check the other parts."),
        ])

    let parsed: ParsedCommand
    let maxAge: Duration?
    private let progressChoice: ProgressChoice
    private let metrics: MetricsFile?
    private let maxTime: Duration?
    private let wait: LockWait
    private let effort: SchedulingPriority
    let shardRequest: ShardRequest?
    var configuration: ScanConfiguration

    init(_ parsed: ParsedCommand) throws(UsageError) {
        self.parsed = parsed
        maxAge = try parsed.duration(of: "max-age")
        progressChoice = try parsed.choice(of: "progress", as: ProgressChoice.self) ?? .auto
        metrics = parsed.value(of: "metrics").map { file in
            MetricsFile(path: RawPath(bytes: file.bytes), pool: parsed.value(of: "pool")?.text)
        }
        if let name = parsed.value(of: "pool"), String(validating: name.bytes, as: UTF8.self) == nil {
            throw parsed.refusal(of: name, option: "pool", because: "is not a name in UTF-8")
        }
        maxTime = try parsed.duration(of: "max-time")
        wait = try LockWait(parsed)
        effort = try SchedulingPriority(parsed)
        shardRequest = try ShardOptions.request(parsed)
        configuration = ScanConfiguration(roots: parsed.operands(named: "PATH").map { RawPath(bytes: $0.bytes) })
        if let jobs = try parsed.integer(of: "jobs", in: 0...ScanConfiguration.maximumWorkerCount) {
            configuration.workerCount = jobs
        }
        configuration.staysOnFileSystem = parsed.has("one-file-system")
        configuration.checksImagesInUse = parsed.has("force-share")
        configuration.filter = PathFilter(
            include: parsed.values(of: "include").map { RawPath(bytes: $0.bytes) },
            exclude: parsed.values(of: "exclude").map { RawPath(bytes: $0.bytes) })
        if let memory = try parsed.byteCount(of: "max-memory") {
            configuration.limits.memory = MemoryBudget(limit: memory)
        }
        if let rate = try parsed.byteCount(of: "rate") {
            guard rate > 0 else { throw parsed.usageError("option '--rate': the value must be more than 0") }
            configuration.readRate = ReadRate(bytesPerSecond: UInt64(rate))
        }
    }

    /// The workers, those that help them with large images, and what Dispatch and the writer have besides.
    var threadCount: Int { configuration.workerCount + configuration.threadsPerImage + 8 }

    func run() throws(UsageError) -> ExitStatus {
        let palette = try Palette(parsed)
        let storePath = try StoreLocation.path(parsed, makesDirectory: true)
        // Before there are other threads.
        guard effort.apply() else { return .failed }
        ProgressSignal.ignore()
        let cancellation = Cancellation()
        let signals = SignalWatch(cancellation)
        do throws(StoreError) {
            try ScanStore.refuseOtherFiles(at: storePath)
            // First of all: a newer version must not migrate the store under a scan.
            let lock = try wait.take(storePath: storePath, cancellation)
            defer { withExtendedLifetime(lock) {} }
            return try ScanStore.use(path: storePath) { store throws(StoreError) in
                try store.refuseMerged(path: storePath)
                return try scan(into: store, at: storePath, palette, cancellation, signals)
            }
        } catch {
            Diagnostic.error(error.description)
            if case .inUse = error, signals.wasCaught { return .interrupted }
            return .failed
        }
    }

    private func scan(
        into store: ScanStore, at storePath: String, _ palette: Palette, _ cancellation: Cancellation,
        _ signals: SignalWatch
    ) throws(StoreError) -> ExitStatus {
        let progress = ProgressCounter()
        let output = ScanOutput(parsed, palette)
        var configuration = configuration
        guard var record = try record(in: store) else { return .failed }
        configuration.known = try knownResults(of: store, record)
        let expected = try store.expectedImageCount(of: record)
        let line = ProgressLine(
            progress, expectedImages: expected, choice: progressChoice, isQuiet: parsed.has("quiet"))
        let reporter = ProgressSignal { line.report() }
        defer { withExtendedLifetime(reporter) {} }
        let limit = TimeLimit(maxTime, cancellation)
        let start = ContinuousClock.now
        configuration.shard = shardRequest?.shard(of: configuration, cancellation: cancellation)
        record.shard = shardRequest.map { ($0.number, $0.count) }
        record.shardRange = configuration.shard
        // The last use of the store here: from now on the writer owns it.
        let interrupted = try InterruptedRepairs.warn(store, isQuiet: output.tellsNews)
        let writer = try ScanWriter(
            store: store, scan: record, progress: { progress.now(expecting: expected) },
            onFailure: cancellation.cancel)
        configuration.ownFiles = StoreFiles.keys(of: storePath)

        output.begin(record, shardRequest)
        let scanner = Scanner(configuration: configuration, cancellation: cancellation, progress: progress) { event in
            writer.write(event)
            output.add(event)
        }
        line.start()
        let coverage = scanner.run()
        limit.stop()
        line.stop()
        let stop = ScanStop(signals, limit)
        let totals = try writer.finish(
            isInterrupted: stop != nil, filesSeen: progress.files, bytesRead: progress.bytesRead,
            scope: coverage.scope)

        let summary = ScanSummary(
            shard: shardRequest, totals: totals, filesSeen: progress.files,
            seconds: start.duration(to: .now) / .seconds(1),
            stop: stop, continuesFrom: record.continues?.startedAt, storePath: storePath)
        let status = ExitStatus(totals).union(interrupted).union(stop == nil ? [] : .interrupted)
        try output.end(summary, status) { () throws(StoreError) in
            try ScanNews(of: writer.scanID, host: record.host, roots: record.roots, in: store)
        }
        let isWritten = try metrics?.write(store, record, storePath: storePath, status: status) ?? true
        return isWritten ? status : status.union(.failed)
    }
}
