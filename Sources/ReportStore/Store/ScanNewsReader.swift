import QED
import Repair

/// Reads what is new with a scan.
struct ScanNewsReader {
    let database: Database
    let scanID: Int64
    let host: String
    let roots: [RawPath]

    /// The last completed scan of the same roots before this one.
    func base() throws(SQLiteError) -> (id: Int64, startedAt: String)? {
        let statement = try database.prepare(
            """
            SELECT id, started_at FROM scan
            WHERE host = ?1 AND id < ?2 AND state = 'completed' AND roots = (SELECT roots FROM scan WHERE id = ?2)
            ORDER BY id DESC LIMIT 1
            """)
        try statement.bind(host, scanID)
        guard try statement.step() else { return nil }
        defer { statement.reset() }
        return (try statement.column(0), try statement.column(1))
    }

    /// What is worth telling of each image below the roots. Scans in between may have seen steps on the way.
    func items(since base: Int64) throws(SQLiteError) -> [(imageID: Int64, item: ScanNews.Item)] {
        var changes: [Int64: ImageChange] = [:]
        let scans = try database.prepare("SELECT id FROM scan WHERE host = ? AND id > ? AND id <= ? ORDER BY id")
        let rows = try database.prepare(
            """
            SELECT image_id, scan_change.path, path_bytes, change, old_path, outcome_before, outcome_after,
                ifnull(corruptions_before, 0), ifnull(corruptions_after, 0), ifnull(leaks_before, 0),
                ifnull(leaks_after, 0)
            FROM scan_change JOIN image ON image.id = image_id WHERE scan_id = ?
            """)
        try scans.bind(host, base, scanID)
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
        guard !changes.isEmpty else { return [] }
        let treeLost = try images("SELECT image_id FROM assessment WHERE host = ? AND assessment = 'tree-lost'")
        let dirty = try images("SELECT image_id FROM latest_check WHERE host = ? AND dirty AND outcome <> 'in_use'")
        return changes.compactMap { id, change in
            change.item(isTreeLost: treeLost.contains(id), isDirty: dirty.contains(id)).map { (id, $0) }
        }
    }

    private func images(_ sql: String) throws(SQLiteError) -> Set<Int64> {
        let statement = try database.prepare(sql)
        try statement.bind(host)
        var ids: Set<Int64> = []
        while try statement.step() { ids.insert(try statement.column(0)) }
        return ids
    }

    /// Errors of this scan that the other did not have, and how many both have.
    func errors(since base: Int64?) throws(SQLiteError) -> (new: [PathErrorRecord], old: Int) {
        let statement = try database.prepare(
            """
            SELECT path, path_bytes, operation, errno, message FROM path_error
            WHERE scan_id = ?1 AND (path, ifnull(path_bytes, x''), operation, errno) NOT IN (
                SELECT path, ifnull(path_bytes, x''), operation, errno FROM path_error WHERE scan_id = ?2)
            ORDER BY path, path_bytes, id
            """)
        try statement.bind(scanID, base)
        var new: [PathErrorRecord] = []
        while try statement.step() {
            new.append(
                PathErrorRecord(
                    path: RawPath(text: try statement.column(0), bytes: try statement.column(1)),
                    operation: try statement.column(2), code: try statement.column(3), message: try statement.column(4))
            )
        }
        let all = Int(
            sqliteValue: try database.scalar("SELECT count(*) FROM path_error WHERE scan_id = ?", scanID))
        return (new, (all ?? 0) - new.count)
    }

    /// The images below the roots that are there and damaged.
    func damaged() throws(SQLiteError) -> [Int64] {
        let statement = try database.prepare("SELECT image_id, path, path_bytes FROM damaged_image WHERE host = ?")
        try statement.bind(host)
        var ids: [Int64] = []
        while try statement.step() {
            guard isBelowRoots(RawPath(text: try statement.column(1), bytes: try statement.column(2))) else { continue }
            ids.append(try statement.column(0))
        }
        return ids
    }

    /// Those of some repairs that began before a time; none without one.
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

extension Statement {
    /// A column that may hold a name of the program's; nil for NULL and for a name that is not known.
    fileprivate func optionalName<Name: RawRepresentable<String>>(at index: Int) throws(SQLiteError) -> Name? {
        try column(index, as: String?.self).flatMap(Name.init(rawValue:))
    }
}
