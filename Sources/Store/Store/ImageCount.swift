import SQLite

/// Counts the images of a host that are below a directory, or are what a path names.
struct ImageCount {
    /// What to count.
    enum Kind {
        /// All that the store knows, by its index of paths alone.
        case known
        /// Those of them that are missing.
        case missing
        /// Those with row IDs in a range.
        case range
    }

    private static let isBelow = "(path = ?2 OR path >= ?2 || '/' AND path < ?2 || '0')"

    private let statement: Statement
    private let host: String

    init(_ kind: Kind, _ database: Database, host: String) throws(SQLiteError) {
        self.host = host
        // The text of what is below a folder begins with the folder's, with escaped bytes too; `0` follows the slash.
        let sql =
            switch kind {
            case .known:
                """
                SELECT (SELECT count(*) FROM image WHERE host = ?1 AND path = ?2)
                    + (SELECT count(*) FROM image WHERE host = ?1 AND path >= ?2 || '/' AND path < ?2 || '0')
                """
            // `+` leaves the choice of an index to what there are fewest of.
            case .missing:
                """
                SELECT count(*) FROM image
                WHERE missing_since_scan_id IS NOT NULL AND +host = ?1 AND \(ImageCount.isBelow)
                """
            case .range:
                """
                SELECT count(*) FROM image NOT INDEXED WHERE id BETWEEN ?3 AND ?4 AND host = ?1 AND \(ImageCount.isBelow)
                """
            }
        statement = try database.prepare(sql)
    }

    /// - Parameters:
    ///   - path: as the store keeps it, without a slash at its end.
    ///   - range: of row IDs, for `Kind.range`.
    func count(below path: String, in range: ClosedRange<Int64>? = nil) throws(SQLiteError) -> Int {
        statement.reset()
        try statement.bind(host, at: 0)
        try statement.bind(path == "/" ? "" : path, at: 1)
        if let range {
            try statement.bind(range.lowerBound, at: 2)
            try statement.bind(range.upperBound, at: 3)
        }
        guard try statement.step() else { return 0 }
        defer { statement.reset() }
        return try statement.column(0)
    }
}
