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
        "scan", summary: "check a pool of images into the store",
        discussion: [
            "Walks the directories, finds every QED image by its magic number, checks it read-only and keeps the "
                + "result in the store. Images that a program may write are not checked. Results of images that have "
                + "not changed since are used again.",
            "A scan that did not come to its end is continued by the next one of the same paths with the same options: "
                + "what it has checked is not checked again, whatever came of it, even with --full. Only what was in use "
                + "or changing is, and files that had changed less than two seconds before.",
        ],
        options: [
            OptionSpec(
                "jobs", short: "j", value: "N", help: "check so many images at once; 0: one after the other",
                default: "4 per core"),
            OptionSpec("full", help: "check every image, whatever the store knows"),
            OptionSpec("restart", help: "begin anew, even if the last such scan did not come to its end"),
            OptionSpec(
                "max-age", value: "TIME", help: "check images again whose result is older: 90s, 10m, 2h, 7d"),
            OptionSpec(
                "force-share", short: "U", help: "check images in use too; their results are provisional"),
            OptionSpec("one-file-system", short: "x", help: "stay on the file systems of the given paths"),
            OptionSpec(
                "include", value: "GLOB",
                help:
                    "look only at files whose name, or absolute path if GLOB has a slash, matches; * matches slashes too",
                repeatable: true),
            OptionSpec(
                "exclude", value: "GLOB", help: "leave out files and directories that match in the same way",
                repeatable: true),
            ShardOptions.spec,
            ShardOptions.basisSpec,
            OptionSpec(
                "max-memory", value: "SIZE", help: "limit of the maps of all images under way: 64M, 1G", default: "192M"
            ),
            OptionSpec(
                "max-time", value: "TIME", help: "stop after so long, as on SIGTERM; the next scan goes on: 30m, 4h"),
            OptionSpec("rate", value: "SIZE", help: "read at most so many bytes a second of the images: 50M"),
            LockWait.spec,
            OptionSpec(
                "only-changes",
                help: "print only what is new since the last completed scan of the same paths, nothing if nothing is"),
            OptionSpec(
                "progress", value: "WHEN", kind: .oneOf(cases: ProgressChoice.self), help: "show progress",
                default: ProgressChoice.auto.rawValue),
            OptionSpec(
                "metrics", value: "FILE", kind: .file,
                help: "write figures of the pool for Prometheus' node_exporter (*.prom in its textfile folder)"),
            OptionSpec(
                "pool", value: "NAME",
                help: "the images are those of a pool that other machines scan too; also its name in the metrics",
                default: "as at the last scan of the paths"),
        ] + SchedulingPriority.specs,
        operands: [OperandSpec("PATH", kind: .file, help: "a directory or an image", repeating: true)],
        examples: [
            .init("qedscan scan /var/lib/images /srv/vm", "Checks two pools."),
            .init("qedscan scan -q --max-age 7d /srv/vm", "Says nothing unless something is wrong, as for cron."),
            .init("qedscan scan --max-time 4h --rate 50M /srv/vm", "Checks a part each night, and leaves disks free."),
            .init(
                "qedscan scan --shard 3/8 --db shard-3.db /srv/vm", "Checks its part while seven others check theirs."),
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
            guard rate > 0 else { throw parsed.usageError("option '--rate': 0 would read nothing") }
            configuration.readRate = ReadRate(bytesPerSecond: UInt64(rate))
        }
    }

    /// The workers, those that help them with large images, and what Dispatch and the writer have besides.
    var threadCount: Int { configuration.workerCount + configuration.threadsPerImage + 8 }

    func run() throws(UsageError) -> ExitStatus {
        let palette = try Palette(parsed)
        let storePath = try StoreLocation.path(parsed, makesFolder: true)
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
        // From the writer's beginning on the store is the writer's.
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
