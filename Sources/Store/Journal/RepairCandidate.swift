import Files
import QED
import Repair
import SQLite

/// An image that the store knows, and what its latest check said: something to look at, never what to write.
package struct RepairCandidate: Hashable, Sendable {
    package let imageID: Int64
    package let path: RawPath
    /// The file, as it was when it was checked.
    package let identity: FileIdentity
    package let outcome: Outcome
    package let isDirty: Bool
}

extension ScanStore {
    /// The images of a machine, or of a pool that it has scanned, that are there and damaged or dirty, by path.
    ///
    /// Not those that were in use or changing: such a result is provisional, and a running guest's image is dirty.
    ///
    /// - Parameter withAutoclear: those with autoclear feature bits as well.
    package func repairCandidates(node: String, withAutoclear: Bool = false) throws(StoreError) -> [RepairCandidate] {
        try repairCandidates(
            """
            l.host IN (\(Pool.hostsOfNode)) AND l.present AND (
                l.image_id IN (SELECT image_id FROM damaged_image)
                OR (l.dirty OR ? AND l.autoclear_features <> 0) AND l.outcome NOT IN ('in_use', 'changing'))
            """, node, withAutoclear)
    }

    /// An image, whatever came of its latest check; nil if the store does not know it.
    package func repairCandidate(node: String, path: RawPath) throws(StoreError) -> RepairCandidate? {
        let columns = path.columns
        return try repairCandidates(
            "l.host IN (\(Pool.hostsOfNode)) AND l.path = ? AND l.path_bytes IS ?", node, columns.text, columns.bytes
        ).first
    }

    /// The repairs of a host that have not ended, oldest first: what a crash or an error left to be settled.
    package func preparedRepairs(host: String) throws(StoreError) -> [RepairID] {
        try StoreError.wrap { [database] () throws(SQLiteError) in
            let statement = try database.prepare(
                "SELECT id FROM repair WHERE state = 'prepared' AND host = ? ORDER BY id")
            try statement.bind(host)
            var ids: [RepairID] = []
            while try statement.step() { ids.append(try statement.column(0)) }
            return ids
        }
    }

    private func repairCandidates(
        _ condition: String, _ values: (any SQLiteBindable)?...
    ) throws(StoreError) -> [RepairCandidate] {
        try StoreError.wrap { [database] () throws(SQLiteError) in
            let statement = try database.prepare(
                """
                SELECT l.image_id, l.path, l.path_bytes, l.outcome, l.dirty, r.device, r.inode, r.file_size,
                    r.mtime_ns, r.ctime_ns
                FROM latest_check AS l JOIN check_result AS r ON r.id = l.check_result_id
                WHERE \(condition)
                ORDER BY l.path, l.path_bytes, l.present DESC, l.check_result_id DESC
                """)
            try statement.bind(values)
            var candidates: [RepairCandidate] = []
            while try statement.step() {
                candidates.append(
                    RepairCandidate(
                        imageID: try statement.column(0),
                        path: RawPath(text: try statement.column(1), bytes: try statement.column(2)),
                        identity: try FileIdentity(statement, device: 5, inode: 6, size: 7, modified: 8, changed: 9),
                        outcome: try statement.name(at: 3),
                        isDirty: try statement.column(4, as: Bool?.self) ?? false))
            }
            return candidates
        }
    }
}
