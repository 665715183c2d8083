import CommandSyntax
import ReportStore

/// What becomes of the pools, for people.
struct StatusText {
    let palette: Palette

    func print(_ status: PoolStatus) {
        let isRunning = status.scans.contains { $0.state == .running }
        if !isRunning, let holder = status.lockHolder {
            line("the store is in use by another command: \(escaped(holder))")
        }
        for scan in status.scans {
            switch scan.state {
            case .running: running(scan, holder: status.lockHolder ?? "")
            case .killed: killed(scan)
            case .completed, .interrupted, .failed: ended(scan)
            }
        }
        if status.scans.isEmpty { line("no scan yet") }
    }

    private func running(_ scan: ScanStatus, holder: String) {
        line("\(palette.bold("a scan runs")): \(escaped(holder))")
        line("  of \(roots(scan))")
        guard let updatedAt = scan.updatedAt, let pace = scan.pace else { return line("  it has just begun") }
        let read = ByteCount.text(scan.bytesRead)
        line("  " + pace.text(files: scan.files, problems: scan.problems))
        line("  \(scan.reused) unchanged, \(read) read; as of \(second(updatedAt)) UTC")
        for image in scan.currentImages {
            line("  checking \(escaped(image.path)) since \(second(image.since)) UTC")
        }
    }

    private func killed(_ scan: ScanStatus) {
        let began = "began \(second(scan.startedAt)) UTC"
        let heard = scan.updatedAt.map { ", last heard of \(second($0)) UTC" } ?? ""
        line("\(escaped(scan.host)): the last scan was \(palette.bad("killed")): it \(began)\(heard)")
        line("  of \(roots(scan))")
        if scan.isCounted { line("  " + totals(scan)) }
        for image in scan.currentImages { line("  it was checking \(escaped(image.path))") }
        line("  the same scan, repeated, goes on from there")
    }

    private func ended(_ scan: ScanStatus) {
        let color = scan.state == .completed ? palette.good : palette.warning
        let ended = scan.finishedAt.map { " \(second($0)) UTC" } ?? ""
        let took = scan.finishedAt == nil ? "" : scan.seconds.map { " after \(length($0))" } ?? ""
        line("\(escaped(scan.host)): no scan runs; the last one \(color(verb(scan.state)))\(ended)\(took)")
        line("  of \(roots(scan))")
        if scan.isCounted { line("  " + totals(scan)) }
    }

    private func totals(_ scan: ScanStatus) -> String {
        "\(scan.images) images, \(scan.reused) unchanged, \(scan.files) files, \(scan.problems) problems, "
            + "\(ByteCount.text(scan.bytesRead)) read"
    }

    private func verb(_ state: ScanStatus.State) -> String {
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

    private func roots(_ scan: ScanStatus) -> String { scan.rootPaths.map(escaped).joined(separator: " ") }

    private func second(_ time: String) -> String { String(time.prefix(19)) }

    /// Texts of the store have their escapes already.
    private func escaped(_ text: String) -> String { PrintableText.escaping(text, doublingBackslashes: false) }

    private func line(_ text: String) { StandardOutput.writeLine(text) }
}
