import QED
import SQLite

/// The row of a scan, from its beginning to its end.
extension ScanStore {
    /// How a scan ended.
    package enum ScanState: String, Sendable {
        case completed, interrupted, failed
    }

    /// Adds a running scan and returns its row ID. Scans that a crash left running become `interrupted`: the caller
    /// holds the run lock, so none can be.
    func beginScan(_ record: ScanRecord) throws(SQLiteError) -> Int64 {
        try database.transaction(.immediate) { () throws(SQLiteError) in
            try markDeadScans()
            let insert = try database.prepare(
                """
                INSERT INTO scan (
                    uuid, host, node, started_at, state, roots, options, version, continues_scan_id, shard_number,
                    shard_count, shard_lower, shard_upper)
                VALUES (
                    lower(format('%s-%s-4%s-%s%s-%s', hex(randomblob(4)), hex(randomblob(2)),
                        substr(hex(randomblob(2)), 2), substr('89AB', 1 + abs(random() % 4), 1),
                        substr(hex(randomblob(2)), 2), hex(randomblob(6)))),
                    ?, ?, ?, 'running', ?, ?, ?, ?, ?, ?, ?, ?)
                """)
            let shard = record.shard
            try insert.run(
                record.host, record.node, Timestamp.now(), try jsonArray(record.roots.map(\.text)),
                try jsonObject(record.options), record.version, record.continues?.scanIDs.first, shard?.number,
                shard?.count, shard?.bounds.map { Int64(clamping: $0.lower) },
                shard?.bounds.map { Int64(clamping: $0.upper) })
            return database.lastInsertRowID
        }
    }

    /// Scans that a crash left running become `interrupted`. The caller holds the run lock, so none can be.
    package func endDeadScans() throws(StoreError) {
        try StoreError.wrap { () throws(SQLiteError) in
            try database.transaction(.immediate) { () throws(SQLiteError) in try markDeadScans() }
        }
    }

    /// What such a scan had seen again it did not come to say.
    private func markDeadScans() throws(SQLiteError) {
        try database.execute(
            """
            UPDATE scan SET state = 'interrupted' WHERE state = 'running';
            DELETE FROM scan_progress;
            """)
        try noteReturned()
    }

    /// The images that a scan has seen again are there.
    func noteReturned() throws(SQLiteError) {
        try database.execute(
            "UPDATE image SET missing_since_scan_id = NULL WHERE missing_since_scan_id <= last_scan_id")
    }

    /// Fills in the end of a scan, which has no progress any more.
    func finishScan(
        _ scanID: Int64, state: ScanState, totals: ScanTotals, filesSeen: Int, bytesRead: UInt64
    ) throws(SQLiteError) {
        let update = try database.prepare(
            """
            UPDATE scan SET finished_at = ?, state = ?, files_seen = ?, bytes_read = ?, images_seen = ?, reused = ?,
                clean = ?, leaking = ?, corrupt = ?, incomplete = ?, invalid = ?, unsupported = ?, in_use = ?,
                changing = ?, dirty = ?, path_errors = ?
            WHERE id = ?
            """)
        let outcomes: [Outcome] = [
            .clean, .leaking, .corrupt, .incomplete, .invalid, .unsupported, .inUse, .changing,
        ]
        let head: [any SQLiteBindable] = [
            Timestamp.now(), state.rawValue, filesSeen, Int64(clamping: bytesRead), totals.images, totals.reused,
        ]
        let counts: [any SQLiteBindable] = outcomes.map { totals.outcomes[$0] ?? 0 }
        try update.bind(head + counts + [totals.dirty, totals.pathErrors, scanID])
        try update.run()
        try database.prepare("DELETE FROM scan_progress WHERE scan_id = ?").run(scanID)
    }

    /// Quoted one by one: a function takes at most 127 arguments.
    func jsonArray(_ texts: [String]) throws(SQLiteError) -> SQLiteValue {
        let quote = try database.prepare("SELECT json_quote(?)")
        var quoted: [String] = []
        for text in texts {
            try quote.bind(text)
            if try quote.step() { quoted.append(try quote.column(0)) }
        }
        quote.reset()
        return .text("[" + quoted.joined(separator: ",") + "]")
    }

    private func jsonObject(_ members: [(name: String, value: SQLiteValue)]) throws(SQLiteError) -> SQLiteValue {
        let marks = members.map { _ in "?, ?" }.joined(separator: ", ")
        return try json("SELECT json_object(\(marks))", members.flatMap { [.text($0.name), $0.value] })
    }

    /// SQLite's own JSON functions do the quoting.
    private func json(_ sql: String, _ values: [SQLiteValue]) throws(SQLiteError) -> SQLiteValue {
        let statement = try database.prepare(sql)
        try statement.bind(values)
        return try statement.step() ? statement.column(0) : .null
    }
}
