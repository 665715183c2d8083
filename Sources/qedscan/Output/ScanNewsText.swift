import CommandSyntax
import ScanModel
import Store

/// What is new with a scan, as the text of a mail: nothing at all if nothing is.
struct ScanNewsText {
    /// Lines of one kind.
    static let limit = 20

    let news: ScanNews
    let wasInterrupted: Bool

    func print(_ palette: Palette) {
        guard !news.isEmpty || wasInterrupted else { return }
        let since = news.since.map { "since \($0.prefix(16)) UTC" } ?? "for all that is known of these paths"
        StandardOutput.writeLine(palette.bold("new \(since), on \(PrintableText.escaping(Host.name))"))
        if wasInterrupted { StandardOutput.writeLine(palette.warning("the scan was interrupted")) }
        for kind in ScanNews.Kind.allCases {
            list(news.items.filter { $0.kind == kind }.map(line), of: kind.rawValue, "report changes", palette)
        }
        list(news.errors.map(line), of: "not readable", "report errors", palette)
        list(
            news.interrupted.map { "repair \($0)" }, of: "interrupted: 'qedscan repair' settles it", "repair --list",
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
        // That a root is not mounted says which one.
        return error.operation == "mount" ? message : "\(PrintableText.escaping(error.path.bytes)): \(message)"
    }

    private func line(_ item: ScanNews.Item) -> String {
        // The store has escaped what is not UTF-8.
        let path = PrintableText.escaping(item.path, doublingBackslashes: false)
        let origin = item.oldPath.map { ", was \(PrintableText.escaping($0, doublingBackslashes: false))" } ?? ""
        return path + state(item) + origin
    }

    private func state(_ item: ScanNews.Item) -> String {
        guard let outcome = item.outcome, item.kind != .healed else { return "" }
        if outcome == .clean { return "" }
        let counts = [(item.corruptions, "corruption"), (item.leaks, "leak")].filter { $0.0 > 0 }
            .map { "\($0.0) \($0.1)\($0.0 == 1 ? "" : "s")" }
        let loss = item.isTreeLost ? ["tables lost: see 'qedscan report assessment'"] : []
        return ": " + ([outcome.rawValue] + counts + loss).joined(separator: ", ")
    }

    /// What was so before: only beside something new.
    private func printOngoing() {
        if news.stillDamaged > 0 {
            let images = news.stillDamaged == 1 ? "image" : "images"
            StandardOutput.writeLine("still \(news.stillDamaged) damaged \(images), see 'qedscan report damaged'")
        }
        if news.stillFailing > 0 {
            StandardOutput.writeLine(
                "still \(news.stillFailing) not readable or not settled, see 'qedscan report errors'")
        }
    }
}
