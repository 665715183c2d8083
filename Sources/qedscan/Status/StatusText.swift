import CommandSyntax
import Files
import Store

/// The status of all pools, for people.
struct StatusText {
    let palette: Palette

    func print(_ status: PoolStatus) {
        let isRunning = status.scans.contains { $0.state == .running && !$0.isMerged }
        if !isRunning, let holder = status.lockHolder {
            line("the store is in use by another command: \(escaped(holder))")
        }
        for scan in status.scans {
            switch scan.state {
            case .running where scan.isMerged: runningElsewhere(scan)
            case .running: running(scan, holder: status.lockHolder ?? "")
            case .killed: killed(scan)
            case .completed, .interrupted, .failed: ended(scan)
            }
        }
        if status.scans.isEmpty { line("no scan yet") }
    }

    private func running(_ scan: ScanStatus, holder: String) {
        line("\(palette.bold("a scan is running")): \(escaped(holder))")
        line("  of \(part(scan))\(roots(scan))")
        guard let updatedAt = scan.updatedAt, let pace = scan.pace else { return line("  it has just started") }
        let read = ByteCount.text(scan.bytesRead)
        line("  " + pace.text(files: scan.files, problems: scan.problems))
        line("  \(scan.reused) unchanged, \(read) read; as of \(second(updatedAt)) UTC")
        for image in scan.currentImages {
            line("  checking \(escaped(image.path)) since \(second(image.since)) UTC")
        }
    }

    private func runningElsewhere(_ scan: ScanStatus) {
        line(
            "\(owner(scan)): the last scan, started \(second(scan.startedAt)) UTC, was running when its store was merged"
        )
        line("  of \(roots(scan))")
    }

    private func killed(_ scan: ScanStatus) {
        let started = "started \(second(scan.startedAt)) UTC"
        let update = scan.updatedAt.map { ", last update \(second($0)) UTC" } ?? ""
        line("\(owner(scan)): the last scan was \(palette.bad("killed")): it \(started)\(update)")
        line("  of \(roots(scan))")
        if scan.isCounted { line("  " + totals(scan)) }
        for image in scan.currentImages { line("  it was checking \(escaped(image.path))") }
        line("  to resume it, run the same scan again")
    }

    private func ended(_ scan: ScanStatus) {
        let color = scan.state == .completed ? palette.good : palette.warning
        let ended = scan.finishedAt.map { " \(second($0)) UTC" } ?? ""
        let took = scan.finishedAt == nil ? "" : scan.seconds.map { " after \(length($0))" } ?? ""
        // A merged store does not tell which scans are running.
        let last = scan.isMerged ? "the last scan" : "no scan is running; the last one"
        line("\(owner(scan)): \(last) \(color(verb(scan.state)))\(ended)\(took)")
        line("  of \(roots(scan))")
        if scan.isCounted { line("  " + totals(scan)) }
    }

    private func totals(_ scan: ScanStatus) -> String {
        "\(Count.text(scan.images, "image")), \(scan.reused) unchanged, \(Count.text(scan.files, "file")), "
            + "\(Count.text(scan.problems, "problem")), \(ByteCount.text(scan.bytesRead)) read"
    }

    private func verb(_ state: ScanState) -> String {
        switch state {
        case .completed: "was completed"
        case .interrupted: "was interrupted"
        case .failed: "failed"
        case .running, .killed: state.rawValue
        }
    }

    private func length(_ seconds: Double) -> String {
        seconds < 90 ? "\(Decimal.text(seconds, places: 1)) s" : Pace.duration(seconds)
    }

    /// The host or pool, the shard, and the machine that scanned if that is another one.
    private func owner(_ scan: ScanStatus) -> String {
        let shard = scan.shard.map { ", shard \($0.number) of \($0.count)" } ?? ""
        guard Pool.isPool(host: scan.host) else { return escaped(scan.host) + shard }
        return escaped(Pool.describe(host: scan.host)) + shard + ", on " + escaped(scan.node)
    }

    /// The same for a running scan, whose machine is obvious.
    private func part(_ scan: ScanStatus) -> String {
        let shard = scan.shard.map { "shard \($0.number) of \($0.count) of " } ?? ""
        return shard + (Pool.isPool(host: scan.host) ? escaped(Pool.describe(host: scan.host)) + ": " : "")
    }

    private func roots(_ scan: ScanStatus) -> String { scan.rootPaths.map(escaped).joined(separator: " ") }

    private func second(_ time: String) -> String { String(time.prefix(19)) }

    /// Texts in the store are already escaped.
    private func escaped(_ text: String) -> String { PrintableText.escaping(text, doublingBackslashes: false) }

    private func line(_ text: String) { StandardOutput.writeLine(text) }
}
