import CommandSyntax
import Files
import Glibc
import Store

/// The page: one file that loads nothing else.
struct PageWriter {
    let storePath: String
    let commands: PageCommands

    /// Reads the store and the images, and writes the page.
    ///
    /// - Parameter path: the file, or a directory for an `index.html`.
    func write(_ store: ScanStore, to path: RawPath) throws(PageError) {
        let content: PageContent
        do throws(StoreError) {
            content = try PageContent(store, undoCommand: commands.undo)
        } catch {
            throw .store(error)
        }
        let file = PageWriter.file(at: path)
        do throws(SystemError) {
            try OutputFile.write(page(content).text, to: file)
        } catch {
            throw .file(file, error)
        }
    }

    private static func file(at path: RawPath) -> RawPath {
        var status = stat()
        let isDirectory = path.withCString { stat($0, &status) } == 0 && status.st_mode & S_IFMT == S_IFDIR
        return isDirectory ? path.appending(Array("index.html".utf8)) : path
    }

    private func page(_ content: PageContent) -> Markup {
        // Only this script and this style are allowed, in case a name ever gets through as markup.
        let style = PageStyle.text + ClusterMapStyle.text
        let policy =
            "default-src 'none'; script-src \(ContentHash.source(of: PageScript.text)); "
            + "style-src \(ContentHash.source(of: style)); base-uri 'none'; form-action 'none'"
        let script: Markup = content.problems.isEmpty ? "" : "<script>\(Markup(trusted: PageScript.text))</script>\n"
        return """
            <!DOCTYPE html>
            <html lang="en" xmlns="http://www.w3.org/1999/xhtml">
            <head>
            <meta charset="utf-8"/>
            <meta http-equiv="Content-Security-Policy" content="\(policy)"/>
            <meta name="viewport" content="width=device-width, initial-scale=1"/>
            <meta name="referrer" content="no-referrer"/>
            <meta name="robots" content="noindex"/>
            <title>Pool of QED images</title>
            <style>\(Markup(trusted: style))</style>
            </head>
            <body>
            \(header(content))<main>
            \(main(content))</main>
            \(script)</body>
            </html>

            """
    }

    private func header(_ content: PageContent) -> Markup {
        let summary = PageSummary(
            content: content, storePath: PrintableText.escaping(storePath), madeAt: Timestamp.now())
        return """
            <header>
            \(summary.markup)</header>
            <nav aria-label="Sections"><ul>
            <li><a href="#trend">Trend</a></li><li><a href="#changes">Changes</a></li>
            <li><a href="#problems">Problems</a></li><li><a href="#backing">Backing files</a></li>
            <li><a href="#damaged">Damaged images</a></li><li><a href="#repairs">Repairs</a></li>
            </ul></nav>

            """
    }

    private func main(_ content: PageContent) -> Markup {
        let problems = PageProblems(content: content, commands: commands)
        return """
            <h2 id="trend">Trend</h2>
            \(content.trends.map { PageTrend(host: $0.host, scans: $0.scans).markup }.joined())<h2 id="changes">Changes since the previous scan</h2>
            \(changes(content))<h2 id="problems">Problems</h2>
            \(problems.markup)<h2 id="backing">Backing files</h2>
            \(PageBacking(content: content, commands: commands).markup)<h2 id="damaged">Damaged images</h2>
            \(images(content))<h2 id="repairs">Repairs</h2>
            \(repairs(content))
            """
    }

    private func changes(_ content: PageContent) -> Markup {
        let changes = content.changes
        guard changes.total > 0 else { return "<p>None, or there is only one scan.</p>\n" }
        let words = changes.counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.value) \($0.key)" }
        let more = changes.total - changes.rows.count
        let rest: Markup =
            more > 0 ? "<p>\(more) more; for all of them: <code>\(commands.report("changes"))</code></p>\n" : ""
        let table = PageTable(
            caption: "Images that have changed since the previous scan",
            columns: [.init("path", "Image", .name)] + (content.hasManyHosts ? [.init("host", "Host")] : []) + [
                .init("change", "Change"), .init("old_path", "From"), .init("outcome_before", "Outcome before"),
                .init("outcome_after", "After"), .init("corruptions_before", "Corruptions before", .number),
                .init("corruptions_after", "After", .number), .init("leaks_before", "Leaks before", .number),
                .init("leaks_after", "After", .number),
            ])
        return "<p>\(words.joined(separator: ", "))</p>\n\(table.markup(changes.rows))\(rest)"
    }

    private func images(_ content: PageContent) -> Markup {
        guard !content.images.isEmpty else { return "<p>None.</p>\n" }
        var maps = PageMaps()
        var markup: Markup = ""
        for image in content.images {
            let map = maps.markup(of: image)
            markup += image.markup(map: map, commands: commands, hasManyHosts: content.hasManyHosts)
        }
        let rest = content.damagedCount - content.images.count
        guard rest > 0 else { return markup }
        return markup + "<p>\(rest) more; for all of them: <code>\(commands.report("assessment"))</code></p>\n"
    }

    private func repairs(_ content: PageContent) -> Markup {
        guard !content.repairs.isEmpty else { return "<p>None.</p>\n" }
        return PageTable(
            caption: "The last repairs, at most \(PageContent.repairLimit), newest first",
            columns: [
                .init("repair_id", "Repair", .number), .init("path", "Image", .name), .init("state", "State"),
                .init("actions", "Actions"), .init("undoes_repair_id", "Undoes", .number),
                .init("undone_by_repair_id", "Undone by", .number), .init("outcome_before", "Before"),
                .init("outcome_after", "After"), .init("started_at", "Started (UTC)"), .init("message", "Message"),
                .init("undo", "To undo", .code),
            ]
        ).markup(content.repairs)
    }
}

/// Why there is no page.
enum PageError: Error, CustomStringConvertible {
    case store(StoreError)
    case file(RawPath, SystemError)

    static func wrap<Value>(_ body: () throws(StoreError) -> Value) throws(PageError) -> Value {
        do throws(StoreError) {
            return try body()
        } catch {
            throw .store(error)
        }
    }

    var description: String {
        switch self {
        case .store(let error): error.description
        case .file(let path, let error): "\(PrintableText.escaping(path.bytes)): \(error)"
        }
    }
}
