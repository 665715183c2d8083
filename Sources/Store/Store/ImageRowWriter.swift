import Files
import SQLite

/// Keeps the one row of `image` that a path on a host has.
struct ImageRowWriter {
    private let database: Database
    private let host: SQLiteValue
    private let scanID: SQLiteValue
    /// Whether there may be rows of earlier scans. Where there are none, looking for them is left out.
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
        // Nothing is updated or returned here: for that SQLite needs a journal and a table of each statement's own, and
        // they cost more than the row.
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

    /// Notes that the scan saw a file at a path. Belongs into a transaction.
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
            throw database.refusal(.mismatch, "an image is neither there nor can it be added", sql: insert.sql)
        }
        return (imageID, false)
    }

    /// The ID of the row that is there, brought up to date; nil if there is none.
    private func writeAgain(_ row: [SQLiteValue], _ file: [SQLiteValue]) throws(SQLiteError) -> Int64? {
        try select.bind(row)
        guard try select.step() else { return nil }
        let (imageID, isSame) = (try select.column(0, as: Int64.self), try select.column(1, as: Bool.self))
        // No row changes under a statement that reads it.
        select.reset()
        if isSame {
            try touch.run(row: [scanID], and: .integer(imageID))
        } else {
            try update.run(row: [scanID] + file, and: .integer(imageID))
        }
        return imageID
    }
}
