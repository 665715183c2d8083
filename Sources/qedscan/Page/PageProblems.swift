import SQLite
import Store

/// The table of all problems: the first rows as HTML, and all rows as JSON for the script.
struct PageProblems {
    /// The most rows that the page shows without the script.
    static let staticLimit = 500

    let content: PageContent
    let commands: PageCommands
    /// The images that have a section of their own in the page.
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
        guard !content.problems.isEmpty else { return "<p>None.</p>\n" }
        let table = PageTable(caption: "Problems, the worst damage first", columns: columns, id: "problem-table")
        let rows = Array(content.problems.prefix(PageProblems.staticLimit))
        return """
            <p>To see what a repair would do: <code>\(commands.repair)</code>\(place)</p>
            <div id="problem-controls" class="controls"></div>
            \(table.markup(rows) { row in shownImage(row).map { "image-\($0)" } })\
            <div id="problem-more"><noscript><p>\(note(rows.count))</p></noscript></div>
            \(data)
            """
    }

    private var place: Markup {
        commands.isMerged
            ? ", on each machine with its own store: this store is merged, and cannot be used for repairs" : ""
    }

    private func note(_ count: Int) -> Markup {
        let names = ["assessment", "dirty", "errors", "missing"]
        let list = names.map { name -> Markup in "<code>\(commands.report(name))</code> " }.joined()
        return "The first \(count) of \(content.problems.count) rows. For all of them: \(list)"
    }

    private func shownImage(_ row: PageRow) -> Int64? {
        guard let image = row.integer("image_id"), shownImages.contains(image) else { return nil }
        return image
    }

    /// An object with the kinds of the columns, the index of the column of states, and the rows. After its values, a row
    /// has the number of its image if the page has a section about it.
    private var data: Markup {
        let columns = columns
        let rows = content.problems.map { row in
            JSON.array(
                columns.map { PageProblems.json(row[$0.name]) } + [shownImage(row).map { JSON($0) } ?? .null], .compact)
        }
        let json = JSON.object(
            [
                ("columns", .array(columns.map { JSON($0.kind.rawValue) }, .compact)),
                ("state", JSON(columns.firstIndex { $0.name == "state" } ?? 0)),
                ("rows", .array(rows, .lines(indent: 0))),
            ], .compact)
        let text = PageProblems.inert(json.text)
        return Markup(
            trusted: "<script type=\"application/json\" id=\"problem-rows\">\(text)</script>\n")
    }

    /// Texts are escaped as in the table.
    private static func json(_ value: SQLiteValue) -> JSON {
        switch value {
        case .text, .blob: JSON(TableWriter.text(value))
        case .null, .integer, .real: JSON(value)
        }
    }

    /// The JSON with everything escaped that could end the script or be markup. Such characters stand within strings only.
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
