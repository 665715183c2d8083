import Files
import SQLite
import Store

/// One image of the store, whichever machine scanned it, and its answers to questions about it.
struct ShownImage {
    /// Those of `latest_check`.
    let columns: [String]
    /// Its latest result; without one, only what tells which image it is.
    let values: [SQLiteValue]
    let hasResult: Bool
    let path: RawPath
    /// The machine that has it, or the pool.
    let host: String
    /// Its file as it was at the latest check; nil without one.
    let checkedIdentity: FileIdentity?
    /// The machine that checked it then.
    let checkedBy: String?
    /// How bad its damage is, as one row of the view `assessment`; none if it is not damaged.
    let assessment: Rows

    private let id: Int64
    private let database: Database

    struct Rows {
        let columns: [String]
        let rows: [[SQLiteValue]]
    }

    /// - Parameter id: of an image of the store.
    init(_ id: Int64, in database: Database) throws(SQLiteError) {
        let known = try ShownImage.rows(of: ShownImage.imageSQL, in: database, id)
        let image = known.rows.first ?? []
        let latest = try ShownImage.rows(of: "SELECT * FROM latest_check WHERE image_id = ?1", in: database, id)
        let identity = Dictionary(zip(known.columns, image)) { $1 }
        self.id = id
        self.database = database
        columns = latest.columns
        values = latest.rows.first ?? columns.map { identity[$0] ?? .null }
        hasResult = !latest.rows.isEmpty
        if case .blob(let bytes)? = identity["path_bytes"] {
            path = RawPath(bytes: bytes)
        } else {
            path = RawPath(String(sqliteValue: identity["path"] ?? .null) ?? "")
        }
        host = String(sqliteValue: identity["host"] ?? .null) ?? ""
        checkedBy = try String(sqliteValue: database.scalar(ShownImage.checkerSQL, id))
        checkedIdentity = try ShownImage.identity(of: id, in: database)
        assessment = try ShownImage.rows(of: ShownImage.assessmentSQL, in: database, id)
    }

    func rows(of section: ShownSection) throws(SQLiteError) -> Rows {
        try ShownImage.rows(of: section.sql, in: database, id)
    }

    // MARK: - Questions

    private static func identity(of id: Int64, in database: Database) throws(SQLiteError) -> FileIdentity? {
        let row = try rows(of: identitySQL, in: database, id).rows.first ?? []
        let numbers = row.map { value in if case .integer(let number) = value { number } else { 0 as Int64 } }
        guard numbers.count == 5 else { return nil }
        // Device and inode numbers are 64-bit patterns in the store.
        return FileIdentity(
            device: UInt64(bitPattern: numbers[0]), inode: UInt64(bitPattern: numbers[1]),
            size: UInt64(max(numbers[2], 0)), modificationTime: numbers[3], changeTime: numbers[4])
    }

    private static func rows(
        of sql: String, in database: Database, _ values: (any SQLiteBindable)?...
    ) throws(SQLiteError) -> Rows {
        let statement = try database.prepare(sql)
        for (index, value) in values.enumerated() { try statement.bind(value, at: index) }
        var rows: [[SQLiteValue]] = []
        while try statement.step() { rows.append(try statement.row()) }
        return Rows(columns: statement.columnNames, rows: rows)
    }

    private static let imageSQL = """
        SELECT id AS image_id, host, path, path_bytes, missing_since_scan_id IS NULL AS present
        FROM image WHERE id = ?1
        """

    private static let checkerSQL = """
        SELECT ifnull(repair.host, scan.node)
        FROM check_result AS result
        JOIN scan ON scan.id = result.scan_id
        LEFT JOIN repair ON repair.id = result.repair_id
        WHERE result.id = (SELECT max(id) FROM check_result WHERE image_id = ?1)
        """

    private static let assessmentSQL = """
        SELECT assessment, evidence, orphaned_tables, lost_bytes, at_risk_bytes, leaked_bytes
        FROM assessment WHERE image_id = ?1
        """

    private static let identitySQL = """
        SELECT device, inode, file_size, mtime_ns, ctime_ns FROM check_result
        WHERE id = (SELECT max(id) FROM check_result WHERE image_id = ?1)
        """
}
