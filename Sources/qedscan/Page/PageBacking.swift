import Store

/// Damaged images with the overlays that need them, and problems with backing files.
struct PageBacking {
    let content: PageContent
    let commands: PageCommands

    var markup: Markup {
        let trees = Array(content.trees.prefix(PageContent.treeLimit))
        let more: Markup =
            content.trees.count > trees.count
            ? "<p>For all of them: <code>\(commands.report("backing-tree"))</code></p>\n" : ""
        return "\(trees.isEmpty ? "<p>No damaged image has overlays.</p>\n" : list(trees))\(more)\(problems)"
    }

    /// The bases in the order of their first rows.
    private func list(_ rows: [PageRow]) -> Markup {
        var bases: [Int64] = []
        var groups: [Int64: [PageRow]] = [:]
        for row in rows {
            let base = row.count("base_image_id")
            if groups[base] == nil { bases.append(base) }
            groups[base, default: []].append(row)
        }
        let items = bases.map { base -> Markup in
            let group = groups[base] ?? []
            let first = group.first
            let overlays = Dictionary(grouping: group) { $0.count("parent_id") }
            return """
                <li>\(first?.text("base_path") ?? "")\(owner(first, "base_host")) <strong>(\(first?.text("assessment") ?? ""))</strong>, needed by \
                \(group.count)\(overlays.isEmpty ? "" : nested(on: base, overlays, depth: 1))</li>

                """
        }
        return "<ul class=\"tree\">\n\(items.joined())</ul>\n"
    }

    /// The overlays directly on an image, each with its own overlays. The view `backing_tree` limits the depth.
    private func nested(on image: Int64, _ overlays: [Int64: [PageRow]], depth: Int64) -> Markup {
        let rows = (overlays[image] ?? []).filter { $0.count("depth") == depth }
        guard !rows.isEmpty else { return "" }
        let items = rows.map { row -> Markup in
            """
            <li>\(row.text("path") ?? "")\(owner(row, "host")) <span class="soft">\(row.text("outcome") ?? "")</span>\
            \(nested(on: row.count("image_id"), overlays, depth: depth + 1))</li>

            """
        }
        return "\n<ul>\n\(items.joined())</ul>\n"
    }

    private func owner(_ row: PageRow?, _ column: String) -> Markup {
        content.hasManyHosts ? " <span class=\"soft\">on \(row?.text(column) ?? "")</span>" : ""
    }

    private var problems: Markup {
        let rows = Array(content.backingProblems.prefix(PageContent.backingProblemLimit))
        guard !rows.isEmpty else { return "" }
        let more: Markup =
            content.backingProblems.count > rows.count
            ? "<p>For all of them: <code>\(commands.report("backing-problems"))</code></p>\n" : ""
        let table = PageTable(
            caption: "Overlays with problems in their backing files",
            columns: [.init("path", "Overlay", .name)] + (content.hasManyHosts ? [.init("host", "Host")] : []) + [
                .init("problem", "Problem"), .init("base_path", "Backing file"), .init("detail", "Detail"),
            ])
        return table.markup(rows) + more
    }
}
