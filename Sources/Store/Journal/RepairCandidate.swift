import Files
import QED
import Repair
import SQLite

/// An image that may need a repair, as its latest check found it. It tells where to look, never what to write.
package struct RepairCandidate: Hashable, Sendable {
    package let imageID: Int64
    package let path: RawPath
    /// The file when it was checked.
    package let identity: FileIdentity
    package let outcome: Outcome
    package let isDirty: Bool
}

extension ScanStore {
    /// The present images of a machine and of the pools that it has scanned that are damaged or dirty, by path.
    ///
    /// Images in use or changing are left out: their results are provisional, and a running guest's image is dirty.
    ///
    /// - Parameter withAutoclear: whether images with autoclear feature bits are included.
    package func repairCandidates(node: String, withAutoclear: Bool = false) throws(StoreError) -> [RepairCandidate] {
        try repairCandidates(
            """
            l.host IN (\(Pool.hostsOfNode)) AND l.present AND (
                l.image_id IN (SELECT image_id FROM damaged_image)
                OR (l.dirty OR ? AND l.autoclear_features <> 0) AND l.outcome NOT IN ('in_use', 'changing'))
            """, node, withAutoclear)
    }

    /// An image, whatever its outcome; nil if the store does not know it.
    package func repairCandidate(node: String, path: RawPath) throws(StoreError) -> RepairCandidate? {
        let columns = path.columns
        return try repairCandidates(
            "l.host IN (\(Pool.hostsOfNode)) AND l.path = ? AND l.path_bytes IS ?", node, columns.text, columns.bytes
        ).first
    }

    /// The repairs of a host that have not ended, oldest first: those that a crash or an error left to be recovered.
    package func preparedRepairs(host: String) throws(StoreError) -> [RepairID] {
        try rows("SELECT id FROM repair WHERE state = 'prepared' AND host = ? ORDER BY id", host) {
            row throws(SQLiteError) in try row.column(0)
        }
    }

    private func repairCandidates(
        _ condition: String, _ values: (any SQLiteBindable)?...
    ) throws(StoreError) -> [RepairCandidate] {
        let sql = """
            SELECT l.image_id, l.path, l.path_bytes, l.outcome, l.dirty, r.device, r.inode, r.file_size,
                r.mtime_ns, r.ctime_ns
            FROM latest_check AS l JOIN check_result AS r ON r.id = l.check_result_id
            WHERE \(condition)
            ORDER BY l.path, l.path_bytes, l.present DESC, l.check_result_id DESC
            """
        return try StoreError.wrap { () throws(SQLiteError) in try database.rows(sql, values, RepairCandidate.init) }
    }
}

extension RepairCandidate {
    fileprivate init(_ row: Statement) throws(SQLiteError) {
        self.init(
            imageID: try row.column(0), path: try RawPath(row, at: 1), identity: try FileIdentity(row, at: 5),
            outcome: try row.name(at: 3), isDirty: try row.column(4, as: Bool?.self) ?? false)
    }
}
