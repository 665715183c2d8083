import Files
import SQLite

/// Keeps the row of `image` of a path on a host up to date.
struct ImageRowWriter {
    private let database: Database
    private let host: SQLiteValue
    private let scanID: SQLiteValue
    /// Whether earlier scans may have left rows. If not, the writer does not look for them.
    private let looksFirst: Bool
    private let insert: Statement
    private let select: Statement
    private let touch: Statement
    private let update: Statement

    init(_ database: Database, host: String, scanID: Int64) throws(SQLiteError) {
        self.database = database
        self.host = .text(host)
        self.scanID = .integer(scanID)
        looksFirst = try database.scalar("SELECT EXISTS (SELECT 1 FROM image WHERE host = ?)", host) == .integer(1)
        // The statement neither updates nor returns anything: for that SQLite needs a separate journal and table, which
        // cost more than the row.
        insert = try database.prepare(
            """
            INSERT INTO image (host, path, path_bytes, device, inode, birth_ns, first_scan_id, last_scan_id)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)
            ON CONFLICT (host, path, ifnull(path_bytes, x'')) DO NOTHING
            """)
        select = try database.prepare(
            """
            SELECT id, device = ?4 AND inode = ?5 AND birth_ns IS ?6 AND missing_since_scan_id IS NULL FROM image
            WHERE host = ?1 AND path = ?2 AND ifnull(path_bytes, x'') = ifnull(?3, x'')
            """)
        touch = try database.prepare("UPDATE image SET last_scan_id = ?1 WHERE id = ?2")
        update = try database.prepare(
            """
            UPDATE image SET
                last_scan_id = ?1, device = ?2, inode = ?3, birth_ns = ?4, missing_since_scan_id = NULL
            WHERE id = ?5
            """)
    }

    /// Notes that the scan saw a file at a path. Call it in a transaction.
    ///
    /// - Returns: the row's ID, and whether the row is new.
    func write(
        _ path: (text: String, bytes: [UInt8]?), _ identity: FileIdentity, birthTime: Int64?
    ) throws(SQLiteError) -> (imageID: Int64, isNew: Bool) {
        let file: [SQLiteValue] = [
            .integer(Int64(bitPattern: identity.device)), .integer(Int64(bitPattern: identity.inode)),
            birthTime.map { .integer($0) } ?? .null,
        ]
        let row = [host, .text(path.text), path.bytes.map { .blob($0) } ?? .null] + file
        if looksFirst, let imageID = try writeAgain(row, file) { return (imageID, false) }
        try insert.run(row: row, and: scanID)
        if database.changes == 1 { return (database.lastInsertRowID, true) }
        guard let imageID = try writeAgain(row, file) else {
            throw database.refusal(.mismatch, "an image has no row, and none can be added", sql: insert.sql)
        }
        return (imageID, false)
    }

    /// Brings the existing row up to date and returns its ID; nil if there is none.
    private func writeAgain(_ row: [SQLiteValue], _ file: [SQLiteValue]) throws(SQLiteError) -> Int64? {
        try select.bind(row)
        guard try select.step() else { return nil }
        let (imageID, isSame) = (try select.column(0, as: Int64.self), try select.column(1, as: Bool.self))
        // So that no row changes under a statement that reads it.
        select.reset()
        if isSame {
            try touch.run(row: [scanID], and: .integer(imageID))
        } else {
            try update.run(row: [scanID] + file, and: .integer(imageID))
        }
        return imageID
    }
}

/// A set of images as runs of consecutive row IDs. An unchanged pool has few runs.
struct ImageSet {
    /// In ascending order, with a gap between any two.
    private(set) var runs: [ClosedRange<Int64>] = []

    init(_ ids: [Int64]) { self.init(ids.map { $0...$0 }) }

    /// - Parameter runs: in any order; they may overlap.
    init(_ runs: [ClosedRange<Int64>]) {
        for run in runs.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = self.runs.last, run.lowerBound == .min || run.lowerBound - 1 <= last.upperBound {
                self.runs[self.runs.count - 1] = last.lowerBound...max(last.upperBound, run.upperBound)
            } else {
                self.runs.append(run)
            }
        }
    }

    /// The IDs before the first run, between the runs, and after the last.
    var gaps: [ClosedRange<Int64>] {
        var gaps: [ClosedRange<Int64>] = []
        var next = Int64.min
        for run in runs {
            if next < run.lowerBound { gaps.append(next...(run.lowerBound - 1)) }
            guard run.upperBound < .max else { return gaps }
            next = run.upperBound + 1
        }
        return gaps + [next...(.max)]
    }
}

/// What a scan notes about unchanged images.
extension ScanStore {
    /// Notes a scan as the last that saw some images, in a separate transaction.
    ///
    /// `missing_since_scan_id` is left to the end of the scan, since its triggers cost more than the row.
    func noteSeen(_ images: ImageSet, scanID: Int64) throws(SQLiteError) {
        // For a foreign key SQLite would look up the scan for every image, which takes as long as all the rest. The
        // statement below looks it up once.
        try database.execute("PRAGMA foreign_keys = OFF")
        let result = noteSeenUnchecked(images, scanID: scanID)
        try database.execute("PRAGMA foreign_keys = ON")
        try result.get()
    }

    private func noteSeenUnchecked(_ images: ImageSet, scanID: Int64) -> Result<Void, SQLiteError> {
        do throws(SQLiteError) {
            try database.transaction(.immediate) { () throws(SQLiteError) in
                let update = try database.prepare(
                    """
                    UPDATE image SET last_scan_id = ?1
                    WHERE id BETWEEN ?2 AND ?3 AND EXISTS (SELECT 1 FROM scan WHERE id = ?1)
                    """)
                for run in images.runs { try update.run(scanID, run.lowerBound, run.upperBound) }
            }
            return .success(())
        } catch {
            return .failure(error)
        }
    }
}
