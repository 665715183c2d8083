import SQLite

/// Counts the images of a host that are at a path or below it.
struct ImageCount {
    /// What to count.
    enum Kind {
        /// All images that the store knows; needs only the index of paths.
        case known
        /// The missing ones.
        case missing
        /// The ones whose row IDs are in a range.
        case range
    }

    private static let isBelow = "(path = ?2 OR path >= ?2 || '/' AND path < ?2 || '0')"

    private let statement: Statement
    private let host: String

    init(_ kind: Kind, _ database: Database, host: String) throws(SQLiteError) {
        self.host = host
        // A path below a directory begins with the directory's text, even with escaped bytes; `0` is the character
        // after the slash.
        let sql =
            switch kind {
            case .known:
                """
                SELECT (SELECT count(*) FROM image WHERE host = ?1 AND path = ?2)
                    + (SELECT count(*) FROM image WHERE host = ?1 AND path >= ?2 || '/' AND path < ?2 || '0')
                """
            // `+` keeps SQLite from the index by host: few images are missing.
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
    ///   - path: as in the store, without a slash at its end.
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
