import SQLite
import Store

/// A table of rows from the store.
struct PageTable {
    /// What a column contains, which decides how it is aligned and sorted.
    enum Kind: String {
        case text
        /// Sentences.
        case prose
        /// The name of the row; its cells are headers.
        case name
        case number
        case bytes
        /// A command to copy.
        case code
    }

    struct Column {
        let name: String
        let title: String
        let kind: Kind

        init(_ name: String, _ title: String, _ kind: Kind = .text) {
            self.name = name
            self.title = title
            self.kind = kind
        }
    }

    let caption: String
    let columns: [Column]
    var id: String?

    /// - Parameter link: the anchor that the name of a row leads to.
    func markup(_ rows: [PageRow], link: (PageRow) -> String? = { _ in nil }) -> Markup {
        let identifier: Markup = id.map { " id=\"\($0)\"" } ?? ""
        let heads = columns.map { column -> Markup in
            "<th scope=\"col\" class=\"\(column.kind.rawValue)\">\(column.title)</th>"
        }
        let body = rows.map { row -> Markup in
            "<tr>\(columns.map { cell($0, row, link(row)) }.joined())</tr>\n"
        }
        return """
            <div class="scroll" role="region" aria-label="\(caption)" tabindex="0">
            <table\(identifier)><caption>\(caption)</caption>
            <thead><tr>\(heads.joined())</tr></thead>
            <tbody>
            \(body.joined())</tbody></table></div>

            """
    }

    private func cell(_ column: Column, _ row: PageRow, _ link: String?) -> Markup {
        let text = PageTable.text(row[column.name], column.kind)
        switch column.kind {
        case .name:
            let name: Markup = link.map { "<a href=\"#\($0)\">\(text)</a>" } ?? "\(text)"
            return "<th scope=\"row\" class=\"name\">\(name)</th>"
        case .code: return text.isEmpty ? "<td></td>" : "<td><code>\(text)</code></td>"
        case .text, .prose, .number, .bytes: return "<td class=\"\(column.kind.rawValue)\">\(text)</td>"
        }
    }

    /// The text of a cell; empty for NULL.
    static func text(_ value: SQLiteValue, _ kind: Kind) -> String {
        switch value {
        case .null: ""
        case .integer(let number) where kind == .bytes: ByteCount.text(number)
        default: TableWriter.text(value)
        }
    }
}

extension PageRow {
    /// A printable text; nil for NULL.
    func text(_ column: String) -> String? { self[column] == .null ? nil : TableWriter.text(self[column]) }
}
