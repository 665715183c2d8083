import SQLite

/// The latest scan of each host and pool, or of each of its shards, running or not.
package struct PoolStatus: Sendable {
    /// In the order of the hosts' names and the shards' numbers.
    package let scans: [ScanStatus]
    /// Who scans or repairs with the store now; nil if nobody does.
    package let lockHolder: String?

    /// - Parameter lockHolder: called after the store has been read, since a scan holds the lock from before its
    ///   beginning until after its end. See `RunLock.holder`.
    package init(_ store: ScanStore, lockHolder: () throws(StoreError) -> String?) throws(StoreError) {
        let before = try ScanStatus.latest(in: store)
        self.lockHolder = try lockHolder()
        guard self.lockHolder == nil, before.contains(where: { $0.state == .running && !$0.isMerged }) else {
            // Only the latest scan of all can be running.
            let latest = before.filter { !$0.isMerged }.map(\.scanID).max()
            scans = before.map { $0.scanID == latest ? $0 : $0.killed }
            return
        }
        // The scan may have ended between the two reads. If its row still says `running`, it has died, as the lock is
        // free.
        let running = Set(before.filter { $0.state == .running }.map(\.scanID))
        scans = try ScanStatus.latest(in: store).map { running.contains($0.scanID) ? $0.killed : $0 }
    }
}

/// A scan, running or not.
package struct ScanStatus: Sendable {
    package let scanID: Int64
    package let host: String
    /// The machine that ran it.
    package let node: String
    /// The shard that it checked; nil for all images.
    package let shard: (number: Int, count: Int)?
    /// Whether it was merged from another store. If it was running then, what became of it is not known here.
    package let isMerged: Bool
    package private(set) var state: ScanState
    /// JSON array of paths.
    package let roots: String
    package let rootPaths: [String]
    package let startedAt: String
    package let finishedAt: String?
    package let continuesScanID: Int64?
    /// nil as well for a scan of less than a second.
    package let processID: Int64?
    /// Time of the numbers below; nil if the scan has ended, or has not recorded any yet.
    package let updatedAt: String?
    /// Seconds from the scan's beginning to `updatedAt`, or to its end.
    package let seconds: Double?
    package let files: Int
    /// Including those with a reused result.
    package let images: Int
    package let reused: Int
    package let problems: Int
    package let bytesRead: Int64
    package let expectedImages: Int?
    /// JSON array of objects with `path` and `since`.
    package let currentJSON: String
    package let currentImages: [(path: String, since: String)]

    /// Whether there are numbers: a scan that was killed early has none.
    package var isCounted: Bool { finishedAt != nil || updatedAt != nil }

    fileprivate var killed: ScanStatus {
        var status = self
        if state == .running, !isMerged { status.state = .killed }
        return status
    }
}

extension ScanStatus {
    /// The latest scan of each host, or of each of its shards, by host.
    fileprivate static func latest(in store: ScanStore) throws(StoreError) -> [ScanStatus] {
        try StoreError.wrap { () throws(SQLiteError) in
            // In one transaction, so that all answers are of the same moment.
            try store.database.transaction(.deferred) { () throws(SQLiteError) in
                try store.database.rows(sql, [], ScanStatus.init)
            }
        }
    }

    private static let sql =
        """
        SELECT
            id, host, state, roots, started_at, finished_at, continues_scan_id, process_id, updated_at,
            (julianday(ifnull(finished_at, updated_at)) - julianday(started_at)) * 86400,
            ifnull(files, files_seen), ifnull(images, images_seen), ifnull(scan_progress.reused, scan.reused),
            ifnull(problems, images_seen - clean + path_errors),
            ifnull(scan_progress.bytes_read, scan.bytes_read), expected_images, ifnull(current_images, '[]'),
            node, merged_at IS NOT NULL, shard_number, shard_count
        FROM scan LEFT JOIN scan_progress ON scan_id = id
        WHERE id IN (SELECT scan_id FROM latest_scan)
        ORDER BY host, shard_number
        """

    private init(_ row: Statement) throws(SQLiteError) {
        scanID = try row.column(0)
        host = try row.column(1)
        state = ScanState(rawValue: try row.column(2)) ?? .failed
        roots = try row.column(3)
        startedAt = try row.column(4)
        finishedAt = try row.column(5)
        continuesScanID = try row.column(6)
        processID = try row.column(7)
        updatedAt = try row.column(8)
        seconds = try row.column(9)
        files = try row.column(10)
        images = try row.column(11)
        reused = try row.column(12)
        problems = try row.column(13)
        bytesRead = try row.column(14)
        expectedImages = try row.column(15)
        currentJSON = try row.column(16)
        node = try row.column(17)
        isMerged = try row.column(18)
        let (number, count): (Int?, Int?) = (try row.column(19), try row.column(20))
        shard = if let number, let count { (number, count) } else { nil }

        rootPaths = try row.database.rows("SELECT value FROM json_each(?)", [roots]) { path throws(SQLiteError) in
            try path.column(0)
        }
        currentImages = try row.database.rows(
            "SELECT json_extract(value, '$.path'), json_extract(value, '$.since') FROM json_each(?)", [currentJSON]
        ) { image throws(SQLiteError) in (try image.column(0), try image.column(1)) }
    }
}
