import Files
import SQLite

/// All that the store knows of one image, whichever machine scanned it.
package struct ImageDetails {
    /// The columns of `latest_check`.
    package let columns: [String]
    /// The latest result; without one, only the columns that identify the image have values.
    package let values: [SQLiteValue]
    package let hasResult: Bool
    package let path: RawPath
    /// The machine or pool that owns it.
    package let host: String
    /// The file at the latest check; nil without one.
    package let checkedIdentity: FileIdentity?
    /// The machine of the latest check.
    package let checkedBy: String?
    /// The view `assessment`: one row if the image is damaged, else none.
    package let assessment: Rows

    private let id: Int64
    private let database: Database

    /// The rows of an answer.
    package struct Rows {
        package let columns: [String]
        package let rows: [[SQLiteValue]]
    }

    /// - Parameter id: the row ID of an image of the store.
    package init(_ id: Int64, in store: ScanStore) throws(StoreError) {
        self = try StoreError.wrap { () throws(SQLiteError) in try ImageDetails(id, in: store.database) }
    }

    private init(_ id: Int64, in database: Database) throws(SQLiteError) {
        let known = try ImageDetails.rows(of: ImageDetails.imageSQL, in: database, id)
        let image = known.rows.first ?? []
        let latest = try ImageDetails.rows(of: "SELECT * FROM latest_check WHERE image_id = ?1", in: database, id)
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
        checkedBy = try String(sqliteValue: database.scalar(ImageDetails.checkerSQL, id))
        checkedIdentity = try database.firstRow(ImageDetails.identitySQL, [id]) { row throws(SQLiteError) in
            try FileIdentity(row, at: 0)
        }
        assessment = try ImageDetails.rows(of: ImageDetails.assessmentSQL, in: database, id)
    }

    package func rows(of section: Section) throws(StoreError) -> Rows {
        try StoreError.wrap { () throws(SQLiteError) in try ImageDetails.rows(of: section.sql, in: database, id) }
    }

    // MARK: - Questions

    private static func rows(of sql: String, in database: Database, _ id: Int64) throws(SQLiteError) -> Rows {
        let statement = try database.prepare(sql)
        try statement.bind(id)
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

extension ImageDetails {
    /// What the store knows of an image besides its latest result.
    package enum Section: String {
        case findings
        /// The files below the image, the nearest first. In a cycle, the last is one that is above it already. As in
        /// `backing_chain`, it ends after 100 steps. The outcome is that of a base which is present.
        case backingChain = "backing_chain"
        /// The images that need it, and the direct overlay through which they do; the host of those that are elsewhere.
        /// An image in a cycle needs itself.
        case overlays
        /// The last 20 checks, the newest first. A repair's check has the number of the repair, a scan's that of the
        /// scan. In a merged store the repair's number is that of the store where it was made, as in the report
        /// `repairs`.
        case history

        /// The image's row ID is the only parameter.
        fileprivate var sql: String {
            switch self {
            case .findings: Section.findingsSQL
            case .backingChain: Section.backingChainSQL
            case .overlays: Section.overlaysSQL
            case .history: Section.historySQL
            }
        }

        private static let findingsSQL = """
            SELECT
                kind, severity, l1_index AS l1, l2_index AS l2,
                iif(entry_value IS NULL, NULL, format('0x%llx', entry_value)) AS entry, file_offset,
                cluster_count AS count, guest_offset, guest_length, other_l1_index AS other_l1,
                other_l2_index AS other_l2, nullif(suppressed_count, 0) AS suppressed, message
            FROM finding JOIN finding_kind ON slug = kind
            WHERE check_result_id = (SELECT max(id) FROM check_result WHERE image_id = ?1)
            ORDER BY number
            """

        private static let backingChainSQL = """
            WITH RECURSIVE
            chain (image_id, depth, above) AS (
                SELECT ?1, 1, ',' || ?1 || ','
                UNION ALL
                SELECT link.base_image_id, chain.depth + 1, chain.above || link.base_image_id || ','
                FROM chain CROSS JOIN backing_link AS link ON link.image_id = chain.image_id
                WHERE instr(chain.above, ',' || link.base_image_id || ',') = 0 AND chain.depth < 100
            ),
            problem (image_id, words) AS MATERIALIZED (
                SELECT image_id, group_concat(problem || ifnull(' (' || detail || ')', ''), '; ')
                FROM (
                    SELECT image_id, problem, detail FROM backing_problem
                    WHERE image_id IN (SELECT image_id FROM chain)
                    ORDER BY image_id, problem)
                GROUP BY image_id
            )
            SELECT
                chain.depth, link.backing_file AS name, link.kind, link.base_path AS path, link.state,
                link.base_is_qed AS is_qed, iif(link.base_present, link.base_outcome, NULL) AS outcome,
                problem.words AS problems
            FROM chain
            CROSS JOIN backing_link AS link ON link.image_id = chain.image_id
            LEFT JOIN problem ON problem.image_id = chain.image_id
            ORDER BY chain.depth
            """

        private static let overlaysSQL = """
            SELECT
                tree.depth, tree.path, latest_check.outcome,
                iif(tree.depth > 1, direct.path, NULL) AS through, nullif(tree.host, base.host) AS host
            FROM backing_tree AS tree
            JOIN image AS base ON base.id = tree.base_image_id
            JOIN image AS direct ON direct.id = tree.direct_image_id
            LEFT JOIN latest_check ON latest_check.image_id = tree.image_id
            WHERE tree.base_image_id = ?1 AND tree.present
            ORDER BY tree.depth, tree.path, tree.host
            """

        private static let historySQL = """
            SELECT
                checked_at, iif(repair_id IS NULL, scan_id, NULL) AS scan,
                (SELECT ifnull(source_id, id) FROM repair WHERE id = repair_id) AS repair, outcome, dirty, corruptions,
                leaks, file_size, message
            FROM check_result
            WHERE image_id = ?1
            ORDER BY id DESC
            LIMIT 20
            """
    }
}
