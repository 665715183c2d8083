import SQLite

/// What becomes of the pools of a store just now: the latest scan of each host, or of each of its shards.
package struct PoolStatus: Sendable {
    /// In the order of the hosts' names and the shards' numbers.
    package let scans: [ScanStatus]
    /// Who scans or repairs with the store, nil if nobody does.
    package let lockHolder: String?

    /// - Parameter lockHolder: asked after the store, since a scan holds the lock from before its beginning to after its
    ///   end. See `RunLock.holder`.
    package init(_ store: ScanStore, lockHolder: () throws(StoreError) -> String?) throws(StoreError) {
        let before = try ScanStatus.latest(in: store)
        self.lockHolder = try lockHolder()
        guard self.lockHolder == nil, before.contains(where: { $0.state == .running && !$0.isMerged }) else {
            // Only one can run, and it is the latest of all.
            let latest = before.filter { !$0.isMerged }.map(\.scanID).max()
            scans = before.map { $0.scanID == latest ? $0 : $0.killed }
            return
        }
        // It may have ended between the two questions. If it still runs, it died: the lock was free.
        let running = Set(before.filter { $0.state == .running }.map(\.scanID))
        scans = try ScanStatus.latest(in: store).map { running.contains($0.scanID) ? $0.killed : $0 }
    }
}

/// A scan, running or not.
package struct ScanStatus: Sendable {
    package enum State: String, Sendable {
        case running, completed, interrupted, failed
        /// It did not come to write how it ended.
        case killed
    }

    package let scanID: Int64
    package let host: String
    /// The machine that ran it.
    package let node: String
    /// The part of the images that it looked at; nil for all.
    package let shard: (number: Int, count: Int)?
    /// Whether it came from another store. If it was running then, nobody here knows what became of it.
    package let isMerged: Bool
    package private(set) var state: State
    /// JSON array of paths.
    package let roots: String
    package let rootPaths: [String]
    package let startedAt: String
    package let finishedAt: String?
    package let continuesScanID: Int64?
    /// nil too for a scan of less than a second.
    package let processID: Int64?
    /// Of the numbers below; nil if the scan has ended, or has not told of itself yet.
    package let updatedAt: String?
    /// Seconds from the scan's beginning to `updatedAt`, or to its end.
    package let seconds: Double?
    package let files: Int
    /// With reused results.
    package let images: Int
    package let reused: Int
    package let problems: Int
    package let bytesRead: Int64
    package let expectedImages: Int?
    /// JSON array of objects with `path` and `since`.
    package let currentJSON: String
    package let currentImages: [(path: String, since: String)]

    /// Whether there are numbers: a scan that was killed early left none.
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
            // One view of the store for all of it.
            try store.database.transaction(.deferred) { () throws(SQLiteError) in
                let paths = try store.database.prepare("SELECT value FROM json_each(?)")
                let current = try store.database.prepare(
                    "SELECT json_extract(value, '$.path'), json_extract(value, '$.since') FROM json_each(?)")
                let statement = try store.database.prepare(sql)
                var scans: [ScanStatus] = []
                while try statement.step() { scans.append(try ScanStatus(statement, paths, current)) }
                return scans
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

    private init(_ row: Statement, _ paths: Statement, _ current: Statement) throws(SQLiteError) {
        scanID = try row.column(0)
        host = try row.column(1)
        state = State(rawValue: try row.column(2)) ?? .failed
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

        var rootPaths: [String] = []
        try paths.bind(roots)
        while try paths.step() { rootPaths.append(try paths.column(0)) }
        self.rootPaths = rootPaths

        var currentImages: [(path: String, since: String)] = []
        try current.bind(currentJSON)
        while try current.step() { currentImages.append((try current.column(0), try current.column(1))) }
        self.currentImages = currentImages
    }
}
