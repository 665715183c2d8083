import CommandSyntax
import Files
import ScanModel
import Store

/// The news of a scan as the text of an email; empty if nothing is new.
struct ScanNewsText {
    /// The most lines of one kind.
    static let limit = 20

    let news: ScanNews
    let wasInterrupted: Bool

    func print(_ palette: Palette) {
        guard !news.isEmpty || wasInterrupted else { return }
        let since = news.since.map { "since \($0.prefix(16)) UTC" } ?? "in the first complete scan of these paths"
        StandardOutput.writeLine(palette.bold("new \(since), on \(PrintableText.escaping(Host.name))"))
        if wasInterrupted { StandardOutput.writeLine(palette.warning("the scan was interrupted")) }
        for kind in ScanNews.Kind.allCases {
            list(news.items.filter { $0.kind == kind }.map(line), of: kind.rawValue, "report changes", palette)
        }
        list(news.errors.map(line), of: "not readable", "report errors", palette)
        list(
            news.interrupted.map { "repair \($0)" }, of: "interrupted, to be recovered by 'qedscan repair'",
            "repair --list",
            palette)
        printOngoing()
    }

    private func list(_ lines: [String], of title: String, _ command: String, _ palette: Palette) {
        guard !lines.isEmpty else { return }
        StandardOutput.writeLine(palette.bold("\(title): \(lines.count)"))
        for line in lines.prefix(ScanNewsText.limit) { StandardOutput.writeLine("  " + line) }
        let rest = lines.count - ScanNewsText.limit
        if rest > 0 { StandardOutput.writeLine("  and \(rest) more: qedscan \(command)") }
    }

    private func line(_ error: PathError) -> String {
        let message = PrintableText.escaping(error.message, doublingBackslashes: false)
        // The message about such a root already contains its path.
        return error.operation == "mount" ? message : "\(PrintableText.escaping(error.path.bytes)): \(message)"
    }

    private func line(_ item: ScanNews.Item) -> String {
        // The store has already escaped bytes that are not UTF-8.
        let path = PrintableText.escaping(item.path, doublingBackslashes: false)
        let origin = item.oldPath.map { ", formerly \(PrintableText.escaping($0, doublingBackslashes: false))" } ?? ""
        return path + state(item) + origin
    }

    private func state(_ item: ScanNews.Item) -> String {
        guard let outcome = item.outcome, item.kind != .healed else { return "" }
        if outcome == .clean { return "" }
        let counts = [(item.corruptions, "corruption"), (item.leaks, "leak")].filter { $0.0 > 0 }
            .map { Count.text($0.0, $0.1) }
        let loss = item.isTreeLost ? ["tables lost (see 'qedscan report assessment')"] : []
        return ": " + ([outcome.rawValue] + counts + loss).joined(separator: ", ")
    }

    /// Prints older problems, only together with news.
    private func printOngoing() {
        if news.stillDamaged > 0 {
            StandardOutput.writeLine(
                "still damaged: \(Count.text(news.stillDamaged, "image")), see 'qedscan report damaged'")
        }
        if news.stillFailing > 0 {
            StandardOutput.writeLine(
                "still not readable or not recovered: \(news.stillFailing), see 'qedscan report errors'")
        }
    }
}
