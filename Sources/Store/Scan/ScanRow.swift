import QED
import SQLite
import ScanModel

/// What became of a scan.
package enum ScanState: String, Sendable {
    case running, completed, interrupted, failed
    /// It died without writing how it ended. The store still says `running`.
    case killed
}

/// The row of a scan, from its beginning to its end.
extension ScanStore {
    /// Adds a running scan and returns its row ID. Ends dead scans first, see `endDeadScans`.
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
            try insert.run(
                record.host, record.node, Timestamp.now(),
                try JSONText.array(of: record.roots.map(\.text), in: database),
                try JSONText.object(of: record.options, in: database), record.version, record.continues?.scanIDs.first,
                record.shard?.number,
                record.shard?.count, record.shardRange.map { Int64(clamping: $0.lower) },
                record.shardRange.map { Int64(clamping: $0.upper) })
            return database.lastInsertRowID
        }
    }

    /// Marks the scans that a crash left `running` as `interrupted`. The caller holds the run lock, so none of them
    /// runs.
    package func endDeadScans() throws(StoreError) {
        try StoreError.wrap { () throws(SQLiteError) in
            try database.transaction(.immediate) { () throws(SQLiteError) in try markDeadScans() }
        }
    }

    /// A dead scan has not noted which missing images it saw again, so this is done here, too.
    private func markDeadScans() throws(SQLiteError) {
        try database.execute(
            """
            UPDATE scan SET state = 'interrupted' WHERE state = 'running';
            DELETE FROM scan_progress;
            """)
        try noteReturned()
    }

    /// Clears the mark of missing images that a scan has seen since.
    func noteReturned() throws(SQLiteError) {
        try database.execute(
            "UPDATE image SET missing_since_scan_id = NULL WHERE missing_since_scan_id <= last_scan_id")
    }

    /// Fills in the end of a scan and removes its progress.
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
}

/// The totals of a scan.
package struct ScanTotals: Sendable {
    /// Images by outcome, including those with a reused result.
    package internal(set) var outcomes: [Outcome: Int] = [:]
    package internal(set) var reused = 0
    package internal(set) var dirty = 0
    package internal(set) var pathErrors = 0
    /// Known images that this scan is the first to miss.
    package internal(set) var missing = 0
    /// Overlays that the scan saw whose backing file is missing or unusable.
    package internal(set) var withoutBase = 0
    /// Roots, and mount points below them, whose file system does not seem to be mounted, with the reason.
    package internal(set) var unmounted: [PathError] = []
    package internal(set) var leaks: UInt64 = 0
    package internal(set) var corruptions: UInt64 = 0

    package init() {}

    package var images: Int { outcomes.values.reduce(0, +) }

    mutating func add(_ outcome: Outcome, isDirty: Bool, count: Int = 1) {
        outcomes[outcome, default: 0] += count
        // A running guest's image is dirty.
        if isDirty, outcome != .inUse { dirty += count }
    }

    mutating func add(_ images: ReusedImages) {
        for group in images.groups { add(group.outcome, isDirty: group.isDirty, count: group.count) }
        reused += images.ids.count
    }
}
