import SQLite

/// Merges the scans of an input, one by one, since there are few. Fills `temp.merge_scan`.
///
/// The ID of a merged scan is the time when it began, in milliseconds since 2000, times 4096, plus 12 bits of its UUID.
/// So it is the same in every merged store, and scans are in the order of time, whatever was merged first. The order
/// within an input is kept, even if a clock was wrong.
struct ScanMerge {
    private static let idsPerMillisecond: Int64 = 4096
    /// Later than the year 9999, with room for additions.
    private static let largestID: Int64 = 1 << 61

    private let database: Database
    private let findUUID: Statement
    private let findID: Statement
    private let insertScan: Statement
    private let updateScan: Statement
    private let continueScan: Statement
    private let insertMap: Statement

    /// All columns except those that get new values.
    private static let columns = [
        "uuid", "host", "node", "started_at", "finished_at", "state", "roots", "options", "version", "files_seen",
        "images_seen", "reused", "clean", "leaking", "corrupt", "incomplete", "invalid", "unsupported", "in_use",
        "changing", "dirty", "path_errors", "bytes_read", "pruned_at", "shard_number", "shard_count", "shard_lower",
        "shard_upper",
    ]
    /// The columns that are filled in at the end of a scan.
    private static let lateColumns = [
        "finished_at", "state", "files_seen", "images_seen", "reused", "clean", "leaking", "corrupt", "incomplete",
        "invalid", "unsupported", "in_use", "changing", "dirty", "path_errors", "bytes_read",
    ]

    init(_ database: Database) throws(StoreError) {
        self.database = database
        let columns = ScanMerge.columns.joined(separator: ", ")
        let lateChanges = ScanMerge.lateColumns.map { "\($0) = theirs.\($0)" }.joined(separator: ", ")
        (findUUID, findID, insertScan, updateScan, continueScan, insertMap) = try StoreError.wrap {
            () throws(SQLiteError) in
            (
                try database.prepare(
                    """
                    SELECT ours.id, (\(ScanMerge.identity("ours"))) IS (\(ScanMerge.identity("theirs")))
                    FROM input.scan AS theirs JOIN main.scan AS ours ON ours.uuid = theirs.uuid WHERE theirs.id = ?
                    """),
                try database.prepare("SELECT id FROM main.scan WHERE id = ?"),
                try database.prepare(
                    """
                    INSERT INTO main.scan (id, merged_at, continues_scan_id, \(columns))
                    SELECT ?1, strftime('%Y-%m-%d %H:%M:%f', 'now'), ?2, \(columns) FROM input.scan WHERE id = ?3
                    """),
                // For a scan that has gone on since it was merged, and for one that was merged in a pruned form.
                try database.prepare(
                    """
                    UPDATE main.scan SET \(lateChanges), pruned_at = iif(theirs.pruned_at IS NULL, NULL, scan.pruned_at)
                    FROM input.scan AS theirs
                    WHERE scan.id = ?1 AND theirs.id = ?2 AND (
                        scan.state = 'running' AND theirs.state <> 'running'
                        OR scan.state <> 'completed' AND theirs.state = 'completed'
                        OR scan.pruned_at IS NOT NULL AND theirs.pruned_at IS NULL)
                    """),
                // This may be unknown, if the scan before it had been pruned.
                try database.prepare(
                    """
                    UPDATE main.scan SET continues_scan_id = ?2
                    WHERE id = ?1 AND continues_scan_id IS NULL AND id > ?2
                    """),
                try database.prepare("INSERT INTO temp.merge_scan (input_id, id, is_new) VALUES (?, ?, ?)")
            )
        }
    }

    /// - Returns: how many scans are new.
    func run(inputPath: String) throws(StoreError) -> Int {
        var newCount = 0
        var ids: [Int64: Int64] = [:]
        var last: Int64 = 0
        for scan in try scans(inputPath) {
            let known = try knownID(of: scan, inputPath)
            let id = if let known { known } else { try freeID(for: scan, after: last) }
            try StoreError.wrap { () throws(SQLiteError) in
                let continuesID = scan.continuesID.flatMap { ids[$0] }
                if known != nil {
                    try updateScan.run(id, scan.inputID)
                    try continueScan.run(id, continuesID)
                } else {
                    try insertScan.run(id, continuesID, scan.inputID)
                    newCount += 1
                }
                try insertMap.run(scan.inputID, id, known == nil)
            }
            ids[scan.inputID] = id
            last = max(last, id)
        }
        return newCount
    }

    private struct InputScan {
        let inputID: Int64
        let continuesID: Int64?
        /// Its ID in merged stores; if the input is one, its ID there.
        let id: Int64
    }

    private func scans(_ inputPath: String) throws(StoreError) -> [InputScan] {
        let rows = try StoreError.wrap { () throws(SQLiteError) in
            let statement = try database.prepare(
                """
                SELECT id, continues_scan_id, merged_at IS NOT NULL,
                    iif(
                        started_at GLOB '[2-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9] *',
                        CAST(round((julianday(started_at) - julianday('2000-01-01')) * 86400000) AS INTEGER), NULL),
                    instr('123456789abcdef', substr(uuid, -3, 1)) * 256 + instr('123456789abcdef', substr(uuid, -2, 1)) * 16
                        + instr('123456789abcdef', substr(uuid, -1, 1))
                FROM input.scan ORDER BY id
                """)
            var rows: [(scan: InputScan, milliseconds: Int64?)] = []
            while try statement.step() {
                let (inputID, milliseconds): (Int64, Int64?) = (try statement.column(0), try statement.column(3))
                let isMerged: Bool = try statement.column(2)
                let bits: Int64 = try statement.column(4)
                // Up to the year 9999, so that the product fits.
                let id = isMerged ? inputID : (milliseconds ?? 0) * ScanMerge.idsPerMillisecond + bits
                rows.append(
                    (
                        InputScan(
                            inputID: inputID, continuesID: try statement.column(1),
                            id: id), milliseconds
                    ))
            }
            return rows
        }
        for row in rows where row.milliseconds == nil || !(1...ScanMerge.largestID).contains(row.scan.id) {
            let reason =
                row.milliseconds == nil ? "started_at is no time since 2000" : "its ID is none of a merged scan"
            throw .mergeInput(path: inputPath, reason: "scan \(row.scan.inputID): \(reason)")
        }
        return rows.map(\.scan)
    }

    /// The ID of a new scan, moved up if it is taken or does not come after those of the scans before it.
    private func freeID(for scan: InputScan, after last: Int64) throws(StoreError) -> Int64 {
        try StoreError.wrap { () throws(SQLiteError) in
            var id = scan.id
            if id <= last { id = (last / ScanMerge.idsPerMillisecond + 1) * ScanMerge.idsPerMillisecond }
            while try isTaken(id) { id += 1 }
            return id
        }
    }

    /// The ID of a scan that was merged before; nil if it was not.
    private func knownID(of scan: InputScan, _ inputPath: String) throws(StoreError) -> Int64? {
        let known = try StoreError.wrap { () throws(SQLiteError) -> (id: Int64, isSame: Bool)? in
            try findUUID.bind(scan.inputID)
            defer { findUUID.reset() }
            return try findUUID.step() ? (try findUUID.column(0), try findUUID.column(1)) : nil
        }
        guard let known else { return nil }
        guard known.isSame else {
            throw .mergeInput(path: inputPath, reason: "scan \(scan.inputID): another scan has its UUID")
        }
        return known.id
    }

    /// SQL: what identifies a scan besides its UUID and never changes.
    private static func identity(_ table: String) -> String {
        ["host", "node", "started_at", "roots", "options", "version", "shard_number", "shard_count"]
            .map { "\(table).\($0)" }.joined(separator: ", ")
    }

    private func isTaken(_ id: Int64) throws(SQLiteError) -> Bool {
        try findID.bind(id)
        defer { findID.reset() }
        return try findID.step()
    }
}
