import Files
import Repair
import SQLite
import ScanModel

/// Reads what is new with a scan.
struct ScanNewsReader {
    let database: Database
    let scanID: Int64
    let host: String
    let roots: [RawPath]

    /// SQL: whether the scan with an ID is of this scan's shard, since each shard has its own news. Any scan is if this
    /// one has no shard.
    private func isOfShard(_ id: String) -> String {
        """
        EXISTS (
            SELECT 1 FROM scan AS this JOIN scan AS other ON other.id = \(id)
            WHERE this.id = \(scanID) AND (this.shard_count IS NULL
                OR (other.shard_number, other.shard_count) IS (this.shard_number, this.shard_count)))
        """
    }

    /// The last completed scan of the same roots, and the same shard of them, before this one.
    func base() throws(SQLiteError) -> (id: Int64, startedAt: String)? {
        let statement = try database.prepare(
            """
            SELECT id, started_at FROM scan
            WHERE host = ?1 AND id < ?2 AND state = 'completed' AND (roots, shard_number, shard_count) IS (
                SELECT roots, shard_number, shard_count FROM scan WHERE id = ?2)
            ORDER BY id DESC LIMIT 1
            """)
        try statement.bind(host, scanID)
        guard try statement.step() else { return nil }
        defer { statement.reset() }
        let base: (id: Int64, startedAt: String) = (try statement.column(0), try statement.column(1))
        // Without what the pruned scans saw, nothing can be compared. Then everything counts as new.
        return try isPruned(since: base.id) ? nil : base
    }

    /// Whether a later scan of some of the same paths was pruned.
    private func isPruned(since base: Int64) throws(SQLiteError) -> Bool {
        let statement = try database.prepare(
            """
            SELECT DISTINCT value FROM scan, json_each(scan.roots)
            WHERE host = ? AND scan.id > ? AND scan.id < ? AND pruned_at IS NOT NULL
            """)
        try statement.bind(host, base, scanID)
        while try statement.step() {
            let path = RawPath(try statement.column(0, as: String.self))
            if isBelowRoots(path) || roots.contains(where: { $0.isWithin(path) }) { return true }
        }
        return false
    }

    /// Images that a repair had put right or made better, and that are damaged again.
    private func damageAfterRepairs(since base: Int64) throws(SQLiteError) -> [(imageID: Int64, change: ImageChange)] {
        let statement = try database.prepare(
            """
            SELECT image.id, path, path_bytes, repaired.outcome, ifnull(repaired.corruptions, 0),
                ifnull(repaired.leaks, 0), now.outcome, ifnull(now.corruptions, 0), ifnull(now.leaks, 0)
            FROM check_result AS now
            JOIN image ON image.id = now.image_id
            JOIN check_result AS repaired ON repaired.id = (
                SELECT max(id) FROM check_result
                WHERE image_id = now.image_id AND id < now.id AND outcome NOT IN ('in_use', 'changing'))
            WHERE image.host = ? AND now.scan_id > ? AND now.scan_id <= ? AND now.repair_id IS NULL
                AND now.outcome NOT IN ('in_use', 'changing') AND repaired.repair_id IS NOT NULL
                AND now.id = (SELECT max(id) FROM check_result WHERE image_id = now.image_id)
                AND \(isOfShard("now.scan_id"))
            """)
        try statement.bind(host, base, scanID)
        var changes: [(imageID: Int64, change: ImageChange)] = []
        while try statement.step() {
            let path: String = try statement.column(1)
            let change = ImageChange(
                path: path, change: ImageChange.changed, oldPath: nil,
                before: ImageChange.State(
                    try statement.optionalName(at: 3), try statement.column(4), leaks: try statement.column(5)),
                after: ImageChange.State(
                    try statement.optionalName(at: 6), try statement.column(7), leaks: try statement.column(8)))
            guard isBelowRoots(RawPath(text: path, bytes: try statement.column(2))), change.after.isDamaged,
                change.before != change.after
            else { continue }
            changes.append((try statement.column(0), change))
        }
        return changes
    }

    /// The news of each image below the roots. Scans in between may have seen intermediate steps.
    ///
    /// - Parameter base: the scan to compare with; nil if there is none: then all damaged images are news.
    func items(since base: Int64?) throws(SQLiteError) -> [(imageID: Int64, item: ScanNews.Item)] {
        var changes: [Int64: ImageChange] = [:]
        let scans = try database.prepare(
            """
            SELECT id FROM scan WHERE host = ? AND id > ? AND id <= ? AND \(isOfShard("scan.id")) ORDER BY id
            """)
        let rows = try database.prepare(
            """
            SELECT image_id, scan_change.path, path_bytes, change, old_path, outcome_before, outcome_after,
                ifnull(corruptions_before, 0), ifnull(corruptions_after, 0), ifnull(leaks_before, 0),
                ifnull(leaks_after, 0)
            FROM scan_change JOIN image ON image.id = image_id WHERE scan_id = ?
            """)
        try scans.bind(host, base ?? 0, scanID)
        while try scans.step() {
            try rows.bind(scans.column(0, as: Int64.self))
            while try rows.step() {
                let path: String = try rows.column(1)
                guard isBelowRoots(RawPath(text: path, bytes: try rows.column(2))) else { continue }
                let step = ImageChange(
                    path: path, change: try rows.column(3), oldPath: try rows.column(4),
                    before: ImageChange.State(
                        try rows.optionalName(at: 5), try rows.column(7), leaks: try rows.column(9)),
                    after: ImageChange.State(
                        try rows.optionalName(at: 6), try rows.column(8), leaks: try rows.column(10)))
                let imageID: Int64 = try rows.column(0)
                changes[imageID] = changes[imageID]?.followed(by: step) ?? step
            }
        }
        if base == nil { changes.merge(try damage()) { step, _ in step } }
        for (imageID, change) in try damageAfterRepairs(since: base ?? 0) {
            // The image is compared with the repaired one, not with what the scan before the repair saw.
            changes[imageID] = change
        }
        guard !changes.isEmpty else { return [] }
        let treeLost = try images("SELECT image_id FROM assessment WHERE host = ? AND assessment = 'tree-lost'")
        let dirty = try images("SELECT image_id FROM latest_check WHERE host = ? AND dirty AND outcome <> 'in_use'")
        return changes.compactMap { id, change in
            change.item(isTreeLost: treeLost.contains(id), isDirty: dirty.contains(id)).map { (id, $0) }
        }
    }

    /// The damaged images below the roots and in the shard, as if they had not been known before.
    func damage() throws(SQLiteError) -> [Int64: ImageChange] {
        let statement = try database.prepare(
            """
            SELECT image_id, damaged.path, damaged.path_bytes, outcome, ifnull(corruptions, 0), ifnull(leaks, 0)
            FROM damaged_image AS damaged JOIN image ON image.id = image_id
            WHERE damaged.host = ? AND \(isOfShard("image.last_scan_id"))
            """)
        try statement.bind(host)
        var changes: [Int64: ImageChange] = [:]
        while try statement.step() {
            let path: String = try statement.column(1)
            guard isBelowRoots(RawPath(text: path, bytes: try statement.column(2))) else { continue }
            changes[try statement.column(0)] = ImageChange(
                path: path, change: ImageChange.changed, oldPath: nil, before: ImageChange.State(nil, 0, leaks: 0),
                after: ImageChange.State(
                    try statement.optionalName(at: 3), try statement.column(4), leaks: try statement.column(5)))
        }
        return changes
    }

    private func images(_ sql: String) throws(SQLiteError) -> Set<Int64> {
        let statement = try database.prepare(sql)
        try statement.bind(host)
        var ids: Set<Int64> = []
        while try statement.step() { ids.insert(try statement.column(0)) }
        return ids
    }

    /// The errors of this scan that the other did not have, and the number of those that both have.
    func errors(since base: Int64?) throws(SQLiteError) -> (new: [PathError], old: Int) {
        let statement = try database.prepare(
            """
            SELECT path, path_bytes, operation, errno, message FROM path_error
            WHERE scan_id = ?1 AND (path, ifnull(path_bytes, x''), operation, errno) NOT IN (
                SELECT path, ifnull(path_bytes, x''), operation, errno FROM path_error WHERE scan_id = ?2)
            ORDER BY path, path_bytes, id
            """)
        try statement.bind(scanID, base)
        var new: [PathError] = []
        while try statement.step() {
            new.append(
                PathError(
                    path: try RawPath(statement, at: 0),
                    operation: try statement.column(2), code: try statement.column(3), message: try statement.column(4))
            )
        }
        let all = Int(
            sqliteValue: try database.scalar("SELECT count(*) FROM path_error WHERE scan_id = ?", scanID))
        return (new, (all ?? 0) - new.count)
    }

    /// The repairs among `ids` that began before a time; none if there is no time.
    func repairs(_ ids: [RepairID], before time: String?) throws(SQLiteError) -> [RepairID] {
        var older: [RepairID] = []
        for id in ids
        where try database.scalar("SELECT started_at < ? FROM repair WHERE id = ?", time, id) == .integer(1) {
            older.append(id)
        }
        return older
    }

    private func isBelowRoots(_ path: RawPath) -> Bool { roots.contains { path.isWithin($0) } }
}
