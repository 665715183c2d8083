import SQLite
import Store

/// The table of all that is wrong: its first rows as they are, all of them as JSON for the script.
struct PageProblems {
    /// How many rows there are without the script.
    static let staticLimit = 500

    let content: PageContent
    let commands: PageCommands
    /// Numbers of the images that have a part of their own in the page.
    private let shownImages: Set<Int64>

    init(content: PageContent, commands: PageCommands) {
        self.content = content
        self.commands = commands
        shownImages = Set(content.images.compactMap { $0.row.integer("image_id") })
    }

    private var columns: [PageTable.Column] {
        [.init("path", "Image", .name)] + (content.hasManyHosts ? [.init("host", "Host")] : []) + [
            .init("state", "State"), .init("assessment", "Assessment"), .init("dirty", "Dirty", .number),
            .init("corruptions", "Corruptions", .number), .init("leaks", "Leaks", .number),
            .init("leaked_bytes", "Leaked", .bytes), .init("detail", "Why", .prose),
            .init("checked_at", "Checked (UTC)"),
        ]
    }

    var markup: Markup {
        guard !content.problems.isEmpty else { return "<p>There are none.</p>\n" }
        let table = PageTable(caption: "Problems, the worst damage first", columns: columns, id: "problem-table")
        let rows = Array(content.problems.prefix(PageProblems.staticLimit))
        return """
            <p>What would be repaired: <code>\(commands.repair)</code>\(place)</p>
            <div id="problem-controls" class="controls"></div>
            \(table.markup(rows) { row in shownImage(row).map { "image-\($0)" } })\
            <div id="problem-more"><noscript><p>\(note(rows.count))</p></noscript></div>
            \(data)
            """
    }

    private var place: Markup {
        commands.isMerged
            ? ", on each machine and with the store of its own: this one was merged of those, and repairs nothing" : ""
    }

    private func note(_ count: Int) -> Markup {
        let names = ["assessment", "dirty", "errors", "missing"]
        let list = names.map { name -> Markup in "<code>\(commands.report(name))</code> " }.joined()
        return "The first \(count) of \(content.problems.count) rows. All of them: \(list)"
    }

    private func shownImage(_ row: PageRow) -> Int64? {
        guard let image = row.integer("image_id"), shownImages.contains(image) else { return nil }
        return image
    }

    /// An object of the columns' kinds, the number of the column of states, and the rows, each with the number of its
    /// image at its end, if that is further down.
    private var data: Markup {
        let kinds = columns.map { JSON.string($0.kind.rawValue) }.joined(separator: ",")
        let state = columns.firstIndex { $0.name == "state" } ?? 0
        let columns = columns
        var json = "{\"columns\":[\(kinds)],\"state\":\(state),\"rows\":["
        for (index, row) in content.problems.enumerated() {
            json += index == 0 ? "\n[" : ",\n["
            for column in columns { json += PageProblems.json(row[column.name]) + "," }
            json += (shownImage(row).map { String($0) } ?? "null") + "]"
        }
        return Markup(
            trusted: "<script type=\"application/json\" id=\"problem-rows\">\(PageProblems.inert(json))\n]}</script>\n")
    }

    /// Texts are as printable as in the static rows.
    private static func json(_ value: SQLiteValue) -> String {
        switch value {
        case .text, .blob: JSON.string(TableWriter.text(value))
        case .null, .integer, .real: JSON.value(value)
        }
    }

    /// JSON that neither ends a script nor is anything in XML: what could be stands within strings only.
    private static func inert(_ json: String) -> String {
        var text = ""
        text.reserveCapacity(json.utf8.count)
        for scalar in json.unicodeScalars {
            switch scalar {
            case "<": text += "\\u003c"
            case ">": text += "\\u003e"
            case "&": text += "\\u0026"
            case "\u{2028}": text += "\\u2028"
            case "\u{2029}": text += "\\u2029"
            // Noncharacters, which XML lacks.
            case "\u{FFFE}": text += "\\ufffe"
            case "\u{FFFF}": text += "\\uffff"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}
