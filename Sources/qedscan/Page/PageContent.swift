import SQLite
import Store

/// Everything that the page shows of the store, as it was at one moment.
struct PageContent {
    /// How many damaged images have a part of their own.
    static let imageLimit = 200

    /// The last scan of each host, or of each of its shards.
    let scans: [PageRow]
    let outcomes: [PageRow]
    let missingCount: Int64
    let trends: [PageTrend]
    let changes: PageChanges
    let problems: [PageRow]
    let trees: [PageRow]
    let backingProblems: [PageRow]
    let images: [PageImage]
    let repairs: [PageRow]

    /// Reads it in one transaction, so that a scan that ends meanwhile is in all of it or in nothing.
    static func read(_ database: Database, _ commands: PageCommands) throws(SQLiteError) -> PageContent {
        try database.transaction(.deferred) { () throws(SQLiteError) in try PageContent(database, commands) }
    }

    private init(_ database: Database, _ commands: PageCommands) throws(SQLiteError) {
        scans = try PageRow.all(database, PageSQL.scans)
        outcomes = try PageRow.all(database, PageSQL.outcomes)
        missingCount = try PageRow.all(database, PageSQL.missing).first?.count("images") ?? 0
        var trends: [PageTrend] = []
        for row in try PageRow.all(database, PageSQL.hosts, PageTrend.hostLimit) {
            trends.append(try PageTrend(database, host: row.text("host") ?? "", exactHost: row["host"]))
        }
        self.trends = trends
        changes = try PageChanges(database)
        problems = try PageRow.all(database, PageSQL.problems)
        trees = try PageRow.all(database, PageSQL.trees)
        backingProblems = try PageRow.all(database, PageSQL.backingProblems)
        var images: [PageImage] = []
        for row in try PageRow.all(database, PageSQL.images, PageContent.imageLimit) {
            images.append(try PageImage(database, row))
        }
        self.images = images
        repairs = try PageRow.all(database, PageSQL.repairs, commands.undo)
    }

    /// Whether paths need their host to be told apart.
    var hasManyHosts: Bool { Set(scans.compactMap { $0.exactText("host") }).count > 1 }
    var damagedCount: Int { problems.count { $0["assessment"] != .null } }
}

/// A damaged image, with what was found in it and what became of it.
struct PageImage {
    static let findingLimit = 50

    let row: PageRow
    let findings: [PageRow]
    let findingCount: Int64
    let history: [PageRow]
    /// That can be undone, the newest first.
    let repairs: [PageRow]

    fileprivate init(_ database: Database, _ row: PageRow) throws(SQLiteError) {
        self.row = row
        let result = row.integer("check_result_id")
        let image = row.integer("image_id")
        findings = try PageRow.all(database, PageSQL.findings, result, PageImage.findingLimit)
        findingCount = try PageRow.all(database, PageSQL.findingCount, result).first?.count("findings") ?? 0
        history = try PageRow.all(database, PageSQL.history, image)
        repairs = try PageRow.all(database, PageSQL.undoable, image)
    }
}

/// What the last scan of each host, or of each of its shards, saw changed.
struct PageChanges {
    static let limit = 500

    private(set) var rows: [PageRow] = []
    private(set) var counts: [String: Int] = [:]
    var total: Int { counts.values.reduce(0, +) }

    fileprivate init(_ database: Database) throws(SQLiteError) {
        for row in try PageRow.all(database, PageSQL.changes) {
            counts[row.text("change") ?? "", default: 0] += 1
            if rows.count < PageChanges.limit { rows.append(row) }
        }
    }
}
