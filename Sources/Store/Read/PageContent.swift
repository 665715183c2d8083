import Files
import SQLite

/// Everything that the page shows of the store, at one moment.
package struct PageContent {
    /// How many hosts and pools have a trend.
    static let hostLimit = 8
    /// How many scans or days a trend has.
    static let trendLimit = 60
    /// How many damaged images have their own part.
    static let imageLimit = 200
    /// The largest number of rows in each of these parts; `trees` and `backingProblems` have one more if there are
    /// more.
    package static let treeLimit = 1000
    package static let backingProblemLimit = 200
    package static let repairLimit = 50

    /// The last scan of each host, or of each of its shards.
    package let scans: [PageRow]
    package let outcomes: [PageRow]
    package let missingCount: Int64
    /// The last scans of each host, the oldest first; on the last days, if it is scanned in shards.
    package let trends: [(host: String, scans: [PageRow])]
    package let changes: PageChanges
    package let problems: [PageRow]
    package let trees: [PageRow]
    package let backingProblems: [PageRow]
    package let images: [PageImage]
    package let repairs: [PageRow]

    /// Reads it in one transaction, so that a scan that ends meanwhile is in all parts or in none.
    ///
    /// - Parameter undoCommand: what comes before the number of a repair in the command that undoes it.
    package init(_ store: ScanStore, undoCommand: String) throws(StoreError) {
        self = try StoreError.wrap { () throws(SQLiteError) in
            try store.database.transaction(.deferred) { () throws(SQLiteError) in
                try PageContent(store.database, undoCommand: undoCommand)
            }
        }
    }

    private init(_ database: Database, undoCommand: String) throws(SQLiteError) {
        scans = try PageRow.all(database, PageQuestions.scans)
        outcomes = try PageRow.all(database, PageQuestions.outcomes)
        missingCount = try PageRow.all(database, PageQuestions.missing).first?.count("images") ?? 0
        let points = try PageRow.all(database, PageQuestions.trend, PageContent.trendLimit)
        let pointsByHost = Dictionary(grouping: points) { $0.exactText("host") ?? "" }
        trends = try PageRow.all(database, PageQuestions.hosts, PageContent.hostLimit).map { row in
            let host = row.exactText("host") ?? ""
            return (host, pointsByHost[host] ?? [])
        }
        changes = try PageChanges(database)
        problems = try PageRow.all(database, PageQuestions.problems)
        trees = try PageRow.all(database, PageQuestions.trees)
        backingProblems = try PageRow.all(database, PageQuestions.backingProblems)
        var images: [PageImage] = []
        for row in try PageRow.all(database, PageQuestions.images, PageContent.imageLimit) {
            images.append(try PageImage(database, row))
        }
        self.images = images
        repairs = try PageRow.all(database, PageQuestions.repairs, undoCommand)
    }

    /// Whether paths need their host to be told apart.
    package var hasManyHosts: Bool { Set(scans.compactMap { $0.exactText("host") }).count > 1 }
    package var damagedCount: Int { problems.count { $0["assessment"] != .null } }
}

/// A damaged image, with its findings and its history.
package struct PageImage {
    static let findingLimit = 50

    package let row: PageRow
    package let findings: [PageRow]
    package let findingCount: Int64
    package let history: [PageRow]
    /// The repairs that can be undone, the newest first.
    package let repairs: [PageRow]

    fileprivate init(_ database: Database, _ row: PageRow) throws(SQLiteError) {
        self.row = row
        let result = row.integer("check_result_id")
        let image = row.integer("image_id")
        findings = try PageRow.all(database, PageQuestions.findings, result, PageImage.findingLimit)
        findingCount = try PageRow.all(database, PageQuestions.findingCount, result).first?.count("findings") ?? 0
        history = try PageRow.all(database, PageQuestions.history, image)
        repairs = try PageRow.all(database, PageQuestions.undoable, image)
    }
}

/// What the last scan of each host, or of each of its shards, saw changed.
package struct PageChanges {
    static let limit = 500

    package private(set) var rows: [PageRow] = []
    package private(set) var counts: [String: Int] = [:]
    package var total: Int { counts.values.reduce(0, +) }

    fileprivate init(_ database: Database) throws(SQLiteError) {
        for row in try PageRow.all(database, PageQuestions.changes) {
            counts[row.exactText("change") ?? "", default: 0] += 1
            if rows.count < PageChanges.limit { rows.append(row) }
        }
    }
}

/// A row of one of the page's parts: its values by the names of the columns.
package struct PageRow {
    private let columns: [String: Int]
    private let values: [SQLiteValue]

    package subscript(_ column: String) -> SQLiteValue { columns[column].map { values[$0] } ?? .null }

    /// nil for NULL.
    package func integer(_ column: String) -> Int64? {
        if case .integer(let number) = self[column] { number } else { nil }
    }

    package func count(_ column: String) -> Int64 { integer(column) ?? 0 }

    /// The text in the store; nil for NULL.
    package func exactText(_ column: String) -> String? {
        if case .text(let text) = self[column] { text } else { nil }
    }

    /// The exact path of the image in `path` and `path_bytes`.
    package var path: RawPath {
        if case .blob(let bytes) = self["path_bytes"] { return RawPath(bytes: bytes) }
        if case .text(let text) = self["path"] { return RawPath(text) }
        return RawPath(bytes: [])
    }

    /// All rows of a question.
    fileprivate static func all(
        _ database: Database, _ sql: String, _ values: (any SQLiteBindable)?...
    ) throws(SQLiteError) -> [PageRow] {
        let statement = try database.prepare(sql)
        try statement.bind(values)
        let columns = Dictionary(statement.columnNames.enumerated().map { ($1, $0) }, uniquingKeysWith: { $1 })
        var rows: [PageRow] = []
        while try statement.step() { rows.append(PageRow(columns: columns, values: try statement.row())) }
        return rows
    }
}
