import CommandSyntax
import Store

/// What becomes of the pools, for people.
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
        line("\(palette.bold("a scan runs")): \(escaped(holder))")
        line("  of \(part(scan))\(roots(scan))")
        guard let updatedAt = scan.updatedAt, let pace = scan.pace else { return line("  it has just begun") }
        let read = ByteCount.text(scan.bytesRead)
        line("  " + pace.text(files: scan.files, problems: scan.problems))
        line("  \(scan.reused) unchanged, \(read) read; as of \(second(updatedAt)) UTC")
        for image in scan.currentImages {
            line("  checking \(escaped(image.path)) since \(second(image.since)) UTC")
        }
    }

    private func runningElsewhere(_ scan: ScanStatus) {
        line(
            "\(owner(scan)): the last scan, begun \(second(scan.startedAt)) UTC, was running when its store was merged")
        line("  of \(roots(scan))")
    }

    private func killed(_ scan: ScanStatus) {
        let began = "began \(second(scan.startedAt)) UTC"
        let heard = scan.updatedAt.map { ", last heard of \(second($0)) UTC" } ?? ""
        line("\(owner(scan)): the last scan was \(palette.bad("killed")): it \(began)\(heard)")
        line("  of \(roots(scan))")
        if scan.isCounted { line("  " + totals(scan)) }
        for image in scan.currentImages { line("  it was checking \(escaped(image.path))") }
        line("  the same scan, repeated, goes on from there")
    }

    private func ended(_ scan: ScanStatus) {
        let color = scan.state == .completed ? palette.good : palette.warning
        let ended = scan.finishedAt.map { " \(second($0)) UTC" } ?? ""
        let took = scan.finishedAt == nil ? "" : scan.seconds.map { " after \(length($0))" } ?? ""
        // Of a merged store nobody knows what runs elsewhere.
        let last = scan.isMerged ? "the last scan" : "no scan runs; the last one"
        line("\(owner(scan)): \(last) \(color(verb(scan.state)))\(ended)\(took)")
        line("  of \(roots(scan))")
        if scan.isCounted { line("  " + totals(scan)) }
    }

    private func totals(_ scan: ScanStatus) -> String {
        "\(scan.images) images, \(scan.reused) unchanged, \(scan.files) files, \(scan.problems) problems, "
            + "\(ByteCount.text(scan.bytesRead)) read"
    }

    private func verb(_ state: ScanState) -> String {
        switch state {
        case .completed: "ended"
        case .interrupted: "was interrupted"
        case .failed: "failed"
        case .running, .killed: state.rawValue
        }
    }

    private func length(_ seconds: Double) -> String {
        seconds < 90 ? "\(Decimal.text(seconds, places: 1)) s" : Pace.duration(seconds)
    }

    /// Whose the images are, which part of them it is, and the machine that looks at them if that is another.
    private func owner(_ scan: ScanStatus) -> String {
        let shard = scan.shard.map { ", shard \($0.number) of \($0.count)" } ?? ""
        guard Pool.isPool(host: scan.host) else { return escaped(scan.host) + shard }
        return escaped(Pool.describe(host: scan.host)) + shard + ", on " + escaped(scan.node)
    }

    /// The same for a running scan, whose machine is known.
    private func part(_ scan: ScanStatus) -> String {
        let shard = scan.shard.map { "shard \($0.number) of \($0.count) of " } ?? ""
        return shard + (Pool.isPool(host: scan.host) ? escaped(Pool.describe(host: scan.host)) + ": " : "")
    }

    private func roots(_ scan: ScanStatus) -> String { scan.rootPaths.map(escaped).joined(separator: " ") }

    private func second(_ time: String) -> String { String(time.prefix(19)) }

    /// Texts of the store have their escapes already.
    private func escaped(_ text: String) -> String { PrintableText.escaping(text, doublingBackslashes: false) }

    private func line(_ text: String) { StandardOutput.writeLine(text) }
}
