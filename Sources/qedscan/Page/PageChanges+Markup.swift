import Store

extension PageChanges {
    /// - Parameter hasManyHosts: whether the host is shown.
    func markup(_ commands: PageCommands, hasManyHosts: Bool) -> Markup {
        guard total > 0 else { return "<p>Nothing, or there was no scan before.</p>\n" }
        let words = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.value) \($0.key)" }
        let rest: Markup =
            total > rows.count
            ? "<p>\(total - rows.count) more: <code>\(commands.report("changes"))</code> has them all.</p>\n" : ""
        let table = PageTable(
            caption: "Images that are different since the scan before",
            columns: [.init("path", "Image", .name)] + (hasManyHosts ? [.init("host", "Host")] : []) + [
                .init("change", "Change"), .init("old_path", "From"), .init("outcome_before", "Outcome before"),
                .init("outcome_after", "After"), .init("corruptions_before", "Corruptions before", .number),
                .init("corruptions_after", "After", .number), .init("leaks_before", "Leaks before", .number),
                .init("leaks_after", "After", .number),
            ])
        return "<p>\(words.joined(separator: ", "))</p>\n\(table.markup(rows))\(rest)"
    }
}
