import Assets
import Foundation

@testable import Store

/// What Datasette gets to know of a store: tables and views with their columns, and the reports as canned queries.
struct DatasetteMetadata {
    private let fixture: StoreFixture
    private let comments = SchemaComments(Assets.migrations)

    /// - Parameter fixture: of a migrated store.
    init(_ fixture: StoreFixture) { self.fixture = fixture }

    func json() throws -> Data {
        let metadata: [String: Any] = [
            "title": "qedscan",
            "description": "Pools of QED images, as scans found them",
            "databases": [
                "qedscan": [
                    "description":
                        "Times are UTC, sizes and offsets bytes, Booleans 0 or 1. Start with the queries below, which are "
                        + "the reports of qedscan, or with the view latest_check.",
                    "tables": try tables(),
                    "queries": Dictionary(uniqueKeysWithValues: Report.all.map { ($0.name, query($0)) }),
                ] as [String: Any]
            ],
        ]
        let options: JSONSerialization.WritingOptions = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try JSONSerialization.data(withJSONObject: metadata, options: options) + Data("\n".utf8)
    }

    // MARK: - Reports

    private func query(_ report: Report) -> [String: Any] {
        let parameters = report.parameters.map { ":\($0.name) (default \($0.defaultText)): \($0.meaning)" }
        let items = (parameters + report.columns).map { "<li>\(DatasetteMetadata.escaping($0))</li>" }
        var query: [String: Any] = [
            "title": report.question, "description_html": "<ul>\(items.joined())</ul>",
            "sql": DatasetteMetadata.sql(of: report),
        ]
        if !report.parameters.isEmpty { query["params"] = report.parameters.map(\.name) }
        return query
    }

    /// The report without its comment, its defaults within: Datasette binds an empty text if no value is given, and texts
    /// if some are.
    static func sql(of report: Report) -> String {
        let lines = report.sql.split(separator: "\n", omittingEmptySubsequences: false).drop { $0.hasPrefix("--") }
        var sql = lines.joined(separator: "\n").trimmingCharacters(in: .newlines)
        for parameter in report.parameters {
            let given = "CAST(nullif(:\(parameter.name), '') AS INTEGER)"
            let value = Int64(parameter.defaultText).map { "ifnull(\(given), \($0))" } ?? given
            sql = sql.replacingOccurrences(of: ":\(parameter.name)", with: value)
        }
        return sql
    }

    private static func escaping(_ text: String) -> String {
        text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
    }

    // MARK: - Tables and views

    private func tables() throws -> [String: Any] {
        let rows = try fixture.lines("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') ORDER BY name")
        var tables: [String: Any] = [:]
        for name in rows {
            guard let text = comments.objects[name], !text.isEmpty else {
                // The store's own book-keeping.
                tables[name] = ["hidden": true]
                continue
            }
            var table: [String: Any] = ["description": text, "columns": try columns(of: name)]
            if name == "image" { table["label_column"] = "path" }
            tables[name] = table
        }
        return tables
    }

    private func columns(of name: String) throws -> [String: String] {
        let names = try fixture.lines("SELECT name FROM pragma_table_xinfo('\(name)')")
        let origins = try origins(of: name)
        return Dictionary(
            uniqueKeysWithValues: names.compactMap { column in
                // The number of a row means another thing in each table.
                let comment = (column.hasSuffix("_id") ? [name] : origins).lazy
                    .compactMap { comments.columns[$0]?[column] }.first
                let text = [comment ?? ColumnMeaning.words[column], ColumnMeaning.unit(of: column, saying: comment)]
                    .compactMap(\.self).joined(separator: "; ")
                return text.isEmpty ? nil : (column, text)
            })
    }

    /// A table itself, or the tables that a view reads, in the order in which it names them.
    private func origins(of name: String) throws -> [String] {
        guard
            let sql = try fixture.lines("SELECT sql FROM sqlite_schema WHERE type = 'view' AND name = '\(name)'").first
        else { return [name] }
        var origins: [String] = []
        for word in sql.split(whereSeparator: { !($0.isLowercase || $0 == "_") }).map(String.init)
        where word != name && comments.objects[word] != nil {
            for origin in try self.origins(of: word) where !origins.contains(origin) { origins.append(origin) }
        }
        return origins
    }
}
